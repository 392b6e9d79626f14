"""The page of an export in a real browser: offline, from a file, it tells what `sedkd detect` tells."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from browser import CHROMIUM, Browser
from exported import LABELS, MOVING, RATE, moving_student, noise, write_export

from sedkd.browser.runtime import INSIDE, Runtime, read_runtime
from sedkd.browser.writing import page_of, write_page
from sedkd.export.reading import read_bundle
from sedkd.models.settings import StudentSettings
from sedkd.stream.detect import detect

FEW_BANDS = StudentSettings(8, 3, lookahead=160, n_mels=24, hop=40)
ROOT = Path(__file__).parents[2]
TOLERANCE = 1e-4  # in confidence; browsers read 16-bit samples above zero as parts of 32767
EVENTS = "told.map(({onset, offset, label, confidence}) => [onset, offset, label, confidence])"
READY = "document.getElementById('listen')?.disabled === false"
DONE = "stopping === null && !document.getElementById('status').textContent.includes('decoding')"
FAKE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine (Debian's package: chromium)")


@pytest.fixture(scope="module")
def runtime():
    if not (ROOT / INSIDE).is_dir():
        pytest.skip("no onnxruntime-web in the checkout: npm install --no-save onnxruntime-web")
    return read_runtime(ROOT)


def copied(export, folder):
    return Path(shutil.copytree(export, folder / "export"))


def opened(browser, export):
    browser.call("Page.navigate", url=(export / "detector.html").as_uri())
    browser.wait(READY)


def heard(browser, file):
    browser.value("at('status').textContent = 'decoding'")
    browser.choose("#file", file)
    browser.wait(DONE)
    return [tuple(event) for event in browser.value(EVENTS)]


def times(detection):
    event = detection.event
    return event.onset, event.offset, event.event_label


def require_same(found, bundle, file):
    expected = sorted(detect(bundle, file))
    assert len(expected) > 5
    assert [event[:3] for event in sorted(found)] == [times(each) for each in expected]
    assert [event[3] for event in sorted(found)] == pytest.approx([each.confidence for each in expected], abs=TOLERANCE)


@needs_chromium
@pytest.mark.parametrize("kind", ["stream", "windows", "few bands"])
def test_it_tells_what_detect_tells(kind, causal_export, runtime, tmp_path):
    settings = MOVING if kind == "windows" else FEW_BANDS
    export = copied(causal_export, tmp_path) if kind == "stream" else write_export(moving_student(settings), tmp_path)
    write_page(export, runtime)
    bundle = read_bundle(export)
    for name, seconds, rate, channels in (
        ("16k.wav", 27.37, RATE, 1),
        ("44k.flac", 12.0, 44100, 2),
        ("short.wav", 0.02, RATE, 1),
        ("shorter.wav", 0.01, RATE, 1),
    ):
        soundfile.write(tmp_path / name, noise(seconds, rate, channels, seed=4), rate)
    odd = b"bext" + (603).to_bytes(4, "little") + bytes(604)  # recorders' own chunk, of odd size, before the format
    soundfile.write(tmp_path / "44k.wav", noise(3.0, 44100, seed=4), 44100)
    whole = (tmp_path / "44k.wav").read_bytes()
    (tmp_path / "odd.wav").write_bytes(whole[:12] + odd + whole[12:])
    (tmp_path / "text.wav").write_text("no sound")
    soundfile.write(tmp_path / "nan.wav", np.full(RATE, np.nan, np.float32), RATE, subtype="FLOAT")
    with Browser(tmp_path / "profile") as browser:
        opened(browser, export)
        for name in ("16k.wav", "44k.flac", "odd.wav"):
            require_same(heard(browser, tmp_path / name), bundle, tmp_path / name)
        for name in ("short.wav", "shorter.wav"):
            short = [times(each) for each in sorted(detect(bundle, tmp_path / name))]
            assert sorted(event[:3] for event in heard(browser, tmp_path / name)) == short
        assert browser.value("document.getElementById('notice').hidden")
        heard(browser, tmp_path / "text.wav")
        assert "text.wav: this browser cannot decode it" in browser.value(
            "document.getElementById('notice').textContent"
        )
        heard(browser, tmp_path / "nan.wav")
        assert "nan.wav: a sample in it is no number" in browser.value("document.getElementById('notice').textContent")
        assert {url.split(":")[0] for url in browser.requests} <= {"file", "data", "blob", "about"}
        assert browser.complaints == []


@needs_chromium
def test_it_listens_to_a_microphone(causal_export, runtime, tmp_path):
    export = copied(causal_export, tmp_path)
    write_page(export, runtime)
    played = tmp_path / "played.wav"
    soundfile.write(played, noise(20.0, 48000, seed=4), 48000)
    with Browser(tmp_path / "profile", *FAKE, f"--use-file-for-fake-audio-capture={played}") as browser:
        opened(browser, export)
        browser.value("document.getElementById('listen').click()")
        browser.wait("told.length > 3 && told.some((event) => event.offset > 0)")
        browser.value("document.getElementById('listen').click()")
        browser.wait("stopping === null")
        seconds = browser.value(
            "parseFloat(document.getElementById('status').textContent.match(/Heard ([0-9.]+) s/)[1])"
        )
        for onset, offset, label, confidence in browser.value(EVENTS):
            assert 0 <= onset < offset <= seconds + 0.1
            assert label in LABELS
            assert 0 < confidence < 1
        assert browser.value("document.querySelectorAll('#detections tbody tr').length") == browser.value("told.length")
        assert browser.complaints == []


@needs_chromium
def test_on_a_phone_names_are_text_and_fit(causal_export, runtime, tmp_path):
    wicked = "</script><img src=x onerror=document.title='gone'>" + "x" * 60
    bundle = replace(read_bundle(causal_export), labels=(wicked, "hum"))
    page = page_of(bundle, (causal_export / "stream.onnx").read_bytes(), runtime)
    assert wicked not in page
    (tmp_path / "detector.html").write_text(page)
    with Browser(tmp_path / "profile") as browser:
        browser.screen(320, 640, phone=True)
        opened(browser, tmp_path)
        assert wicked in browser.value("document.body.innerText")
        assert browser.value("document.title") == "street: sound events"
        assert browser.value("document.documentElement.scrollWidth <= window.innerWidth")
        assert browser.value("[...document.querySelectorAll('button')].every((b) => b.offsetHeight >= 44)")
        browser.value("fetch('https://example.org/').catch(() => document.body.dataset.blocked = 'yes')")
        browser.wait("document.body.dataset.blocked === 'yes'")
        assert not [url for url in browser.requests if url.startswith("http")]


def test_it_is_the_same_each_time_and_holds_no_path_of_the_machine(causal_export):
    bundle, runtime = read_bundle(causal_export), Runtime("1.30.0", b"module", b"wasm")
    bundle = replace(bundle, provenance={**bundle.provenance, "data": "/home/somebody/recordings"})
    page = page_of(bundle, b"network", runtime)
    assert page == page_of(bundle, b"network", runtime)
    assert "/home/somebody" not in page
    assert str(causal_export) not in page
