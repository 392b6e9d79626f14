"""A figure as a part of a page."""

from typing import TYPE_CHECKING

from search.show.figure import PLAIN
from search.show.page.markup import Html

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def drawn(figure: "Figure", name: str) -> Html:
    """The figure as a part of a page, under an id of its own."""
    height = figure.layout.height
    html = figure.to_html(full_html=False, include_plotlyjs=False, config=PLAIN, div_id=name, default_height=height)
    return Html(f'<div class="figure">{html}</div>')
