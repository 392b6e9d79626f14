"""A review as one HTML page that needs no network: pictures, audio and program are in it."""

import base64
import io
import json
import re
from collections.abc import Callable
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sedkd.data.audio import read_spans
from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError
from sedkd.features.logmel import LogMel
from sedkd.features.settings import FeatureSettings
from sedkd.inline import inert_json, script_hash
from sedkd.review.review import Clip, Review, review_from

SEEN = FeatureSettings(n_mels=96, hop=160)  # finer than what a student hears
DARKEST_NEPERS = 12.0  # below the loudest tile of a picture
LOUD, MAX_GAIN = 0.7, 30.0  # quiet clips are made louder for the ear
FACTS = re.compile(r'<script type="application/json" id="review">(.*?)</script>', re.DOTALL)

Media = dict[str, Any]


def write_page(review: Review, out: Path, progress: Callable[[int, int], None] | None = None) -> None:
    """Write the page of a review to the file `out`.

    Raises:
        UserError: it cannot be written, or a recording cannot be read.
    """
    media = []
    for done, clip in enumerate(review.clips, start=1):
        media.append(_media(clip))
        if progress:
            progress(done, len(review.clips))
    try:
        with written_atomically(out) as temporary:
            temporary.write_text(page_of(review, media), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); choose another --out") from error


def page_of(review: Review, media: list[Media]) -> str:
    """The page; `media` are each clip's picture and sound."""
    style, program, body = (_asset(name) for name in ("page.css", "page.js", "body.html"))
    policy = (
        f"default-src 'none'; img-src data:; media-src data:; style-src '{script_hash(style)}'; "
        f"script-src '{script_hash(program)}'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>Review {review.digest}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}"
        f'<script type="application/json" id="review">{inert_json(review.facts())}</script>\n'
        f'<script type="application/json" id="media">{inert_json({"digest": review.digest, "clips": media})}</script>\n'
        f"<script>{program}</script>\n</body>\n</html>\n"
    )


def read_page(page: Path) -> Review:
    """The review that a page shows. UserError where it is none."""
    try:
        found = FACTS.search(page.read_text(encoding="utf-8"))
        if found is None:
            raise ValueError("no review in it")
        return review_from(json.loads(found[1]))
    except OSError as error:
        raise UserError(
            f"{page}: cannot be read ({error.strerror}); name the page that `sedkd review make` wrote"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{page}: not a page that this sedkd's `sedkd review make` wrote ({error}); name the page, then the answers"
        ) from error


def _media(clip: Clip) -> Media:
    span = (round(clip.start * SEEN.rate), round(clip.stop * SEEN.rate))
    (sound,) = read_spans(Path(clip.file), SEEN.rate, [span])
    if len(sound) == 0:
        raise UserError(f"{clip.file}: holds no sound at {clip.start:g} s; is the file whole?")
    return {"picture": _uri("image/png", _picture(sound)), "sound": _uri("audio/flac", _flac(sound))}


def _flac(sound: np.ndarray) -> bytes:
    import soundfile

    gain = min(LOUD / max(float(np.abs(sound).max()), 1e-9), MAX_GAIN)
    stream = io.BytesIO()
    soundfile.write(stream, (sound * gain).clip(-1, 1), SEEN.rate, format="FLAC", subtype="PCM_16")
    return stream.getvalue()


def _picture(sound: np.ndarray) -> bytes:
    """A PNG of the log-mel spectrogram, time to the right, a pixel per tile."""
    from matplotlib import colormaps
    from PIL import Image

    short = max(SEEN.n_fft - len(sound), 0)
    with torch.inference_mode():
        tiles = LogMel(SEEN)(torch.from_numpy(np.pad(sound, (0, short)))[None])[0].numpy()
    shades = (1 + (tiles - tiles.max()) / DARKEST_NEPERS).clip(0, 1) * 255
    image = Image.fromarray(shades.round().astype(np.uint8).T[::-1].copy())
    image.putpalette((colormaps["magma"](np.arange(256))[:, :3] * 255).round().astype(np.uint8).tobytes())
    stream = io.BytesIO()
    image.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _asset(name: str) -> str:
    return resources.files("sedkd.review").joinpath("page", name).read_text(encoding="utf-8")
