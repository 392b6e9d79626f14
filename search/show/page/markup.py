"""HTML of which every text from outside is escaped."""

import re
from collections.abc import Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1c2126; --paper: #fff; --soft: #f0f2f4; --line: #c9d0d6; --bar: #c0304a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --paper: #16191c; --soft: #23282d; --line: #454d55; --bar: #e0677d; }
}
body { margin: 0 auto; padding: 1rem; max-width: 70rem; font: 1rem/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
.notice { padding: .5rem .8rem; border: 2px solid var(--bar); font-weight: 600; }
.wide { overflow-x: auto; } .wide:focus { outline: 2px solid var(--bar); }
.figure { background: #fff; color: #1c2126; overflow-x: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(28rem, 100%), 1fr)); gap: 1rem; }
.pair > * { min-width: 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
tbody th { white-space: nowrap; } thead th { background: var(--soft); vertical-align: bottom; }
.number, .short { white-space: nowrap; } .number { text-align: right; }
.bar { display: inline-block; height: .7em; background: var(--bar); }
.right, .wrong { display: block; padding: 0 .4rem; text-align: right; }
.right { background: rgb(0 95 158 / var(--share)); } .wrong { background: rgb(192 48 74 / var(--share)); }
@media print {
  body { max-width: none; font-size: 9pt; } .wide { overflow: visible; } th, td { padding: .1rem .3rem; }
  .figure { zoom: .6; } h2, caption { break-after: avoid; } tr, .figure { break-inside: avoid; }
}
"""
SHORT = 48  # characters
NUMBER = re.compile(r"-?[0-9.]+( [kMG]|%)?")


class Html(str):
    """Text that is markup already."""


def document(title: str, body: Sequence[str], script: str) -> str:
    """A page that needs no network. `script` stands inline, before what uses it."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<style>{STYLE}</style>\n<script>{script}</script>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> str:
    """Parts under a heading; nothing where all of them are empty."""
    return "\n".join([f"<section>\n<h2>{escape(title)}</h2>", *parts, "</section>"]) if any(parts) else ""


def paragraph(text: str, kind: str = "") -> str:
    return f"<p{f' class={kind}' if kind else ''}>{_marked(text)}</p>"


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table whose first column names its rows, without a head if that is empty. Numbers come as they shall be read;
    None is a dash."""
    names = "".join(f'<th scope="col">{_marked(name)}</th>' for name in head)
    top = f"<thead><tr>{names}</tr></thead>\n" if names else ""
    lines = "\n".join(f"<tr>{_row(row)}</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">\n<table>\n'
        f"<caption>{escape(caption)}</caption>\n{top}<tbody>\n{lines}\n</tbody>\n"
        "</table>\n</div>"
    )


def bar(share: float) -> Html:
    """A share of 1 as a bar with its value."""
    width = round(8 * max(0.0, min(share, 1.0)), 2)
    return Html(f'{share:.2f} <span class="bar" style="width:{width}rem"></span>')


def shaded(share: float, kind: str) -> Html:
    """A share of 1 in percent on a ground that is the stronger the more it is; `kind` is right or wrong."""
    return Html(f'<span class="{kind}" style="--share:{round(0.55 * min(share, 1.0), 3)}">{share:.0%}</span>')


def _row(row: Sequence[object]) -> str:
    name, *values = row
    return f'<th scope="row">{_shown(name)}</th>' + "".join(f"<td{_kind(v)}>{_shown(v)}</td>" for v in values)


def _kind(value: object) -> str:
    """Numbers stand to the right; what is short is not broken."""
    if value is None or NUMBER.fullmatch(str(value)):
        return ' class="number"'
    return ' class="short"' if len(str(value)) < SHORT or isinstance(value, Html) else ""


def _shown(value: object) -> str:
    return "-" if value is None else _marked(value if isinstance(value, Html) else str(value))


def _marked(text: str) -> str:
    return text if isinstance(text, Html) else escape(text)
