"""The page of a review in a real browser: by keyboard alone, on a phone, offline, with names that nobody expected."""

import json

import pytest
from browser import CHROMIUM, Browser, until
from exported import moving_student, write_export
from reviewed_farm import small_review
from small_study import finish, start

from sedkd.errors import UserError
from sedkd.review.answers import read_answers
from sedkd.review.page import page_of, read_page, write_page

SEDKD = "search.cli.main"
READY = "!document.getElementById('question').hidden"
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine (Debian's package: chromium)")


def opened(browser, page):
    browser.call("Page.navigate", url=page.as_uri())
    browser.wait(READY)


def told(browser):
    return browser.value("document.getElementById('count').textContent")


def downloaded(browser, folder, press):
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    press()
    return until(lambda: next(folder.glob("answers-*.json"), None), 10, "a file was downloaded")


@needs_chromium
def test_a_review_of_real_clips_by_keyboard_alone(shared, tmp_path):
    bundle = write_export(moving_student(), tmp_path)
    (clips,) = (shared / "data" / "esc10").glob("*Dog bark")
    words = ("review", "make", str(bundle), *sorted(map(str, clips.glob("*")))[:4], "--clips", "6", "--also", "owl")
    finish(start(SEDKD, *words, cwd=tmp_path))
    page, downloads = tmp_path / "review.html", tmp_path / "downloads"
    downloads.mkdir()
    review = read_page(page)
    assert len(review.clips) == 6
    with Browser(tmp_path / "profile") as browser:
        opened(browser, page)
        browser.press(" ")
        browser.wait("document.getElementById('sound').currentTime > 0.1")
        for key in ("y", "n", "s", "n", "u", "o"):  # the second no is undone
            browser.press(key)
        assert told(browser) == "3 of 6 answered"
        for key in ("2", "o", "Escape", "y"):  # "owl" is the second of the others
            browser.press(key)
        for key in ("o", "Tab", "Enter"):
            browser.press(key)
        browser.wait("!document.getElementById('end').hidden")
        file = downloaded(browser, downloads, lambda: browser.press("d"))
        opened_again = page.as_uri()
        browser.call("Page.navigate", url="about:blank")
        browser.call("Page.navigate", url=opened_again)
        browser.wait("document.getElementById('count')?.textContent === '6 of 6 answered'")
        assert not [url for url in browser.requests if url.split(":")[0] not in ("file", "data", "blob", "about")]
        assert browser.complaints == []
    given = json.loads(file.read_text())["answers"]
    assert [given[str(i)]["answer"] for i in range(6)] == ["yes", "no", "skip", "other", "yes", "other"]
    assert [given[str(i)]["label"] for i in (3, 5)] == ["owl", "owl"]
    found = read_answers(review, [file])
    assert [answer.yes for answer in found.answers] == [True, False, False, True, False]
    assert found.skipped == 1


@needs_chromium
def test_what_another_tab_answered_is_not_overwritten(tmp_path):
    write_page(small_review(tmp_path / "audio"), tmp_path / "review.html")
    other_tab = """(() => {
        const key = Object.keys(localStorage)[0], kept = JSON.parse(localStorage.getItem(key));
        kept.order.push(1);
        kept.answers[1] = { answer: "no" };
        localStorage.setItem(key, JSON.stringify(kept));
        dispatchEvent(new StorageEvent("storage", { key }));
    })()"""  # of its own writing a tab hears nothing
    with Browser(tmp_path / "profile") as browser:
        opened(browser, tmp_path / "review.html")
        browser.press("y")
        browser.value(other_tab)
        assert told(browser) == "2 of 4 answered"
        browser.press("s")
        file = downloaded(browser, tmp_path, lambda: browser.press("d"))
    given = json.loads(file.read_text())["answers"]
    assert {place: answer["answer"] for place, answer in given.items()} == {"0": "yes", "1": "no", "2": "skip"}


@needs_chromium
def test_on_a_phone_all_of_it_is_reached_by_touch(tmp_path):
    labels = ("a label that is far too long for the width of a phone, and-has-no-blank-" + "x" * 60, "hum")
    write_page(small_review(tmp_path / "audio", labels=labels), tmp_path / "review.html")
    with Browser(tmp_path / "profile") as browser:
        browser.screen(320, 640, phone=True)
        opened(browser, tmp_path / "review.html")
        browser.value("document.getElementById('other').click()")
        assert browser.value("document.documentElement.scrollWidth <= window.innerWidth")
        low = "[...document.querySelectorAll('button')].filter(b => b.offsetParent && b.offsetHeight < 44).length"
        assert browser.value(low) == 0
        assert browser.value("getComputedStyle(document.querySelector('kbd')).display") == "none"
        for name in ("yes", "no", "undo", "skip"):
            browser.value(f"document.getElementById('{name}').click()")
        assert told(browser) == "2 of 4 answered"


@needs_chromium
def test_labels_and_names_of_files_are_text(tmp_path):
    wicked = "</script><img src=x onerror=document.title='gone'><b>"
    review = small_review(tmp_path / "<img src=x onerror=alert(1)>", labels=(wicked, "hum"))
    write_page(review, tmp_path / "review.html")
    assert wicked not in (tmp_path / "review.html").read_text()
    assert read_page(tmp_path / "review.html") == review
    with Browser(tmp_path / "profile") as browser:
        opened(browser, tmp_path / "review.html")
        browser.value("document.getElementById('other').click()")
        seen = browser.value("document.body.innerText")
        assert wicked in seen
        assert "<img src=x onerror=alert(1)>/" in seen
        assert browser.value("document.title") == f"Review {review.digest}"
        browser.value("fetch('https://example.org/').catch(() => document.body.dataset.blocked = 'yes')")
        browser.wait("document.body.dataset.blocked === 'yes'")
        assert not [url for url in browser.requests if url.startswith("http")]


def test_a_page_is_read_back_and_another_file_is_not(tmp_path):
    review = small_review(tmp_path / "audio")
    write_page(review, tmp_path / "review.html")
    assert read_page(tmp_path / "review.html").digest == review.digest
    for text in ("<html></html>", page_of(review, [])[:900]):
        (tmp_path / "other.html").write_text(text)
        with pytest.raises(UserError, match="not a page that"):
            read_page(tmp_path / "other.html")
