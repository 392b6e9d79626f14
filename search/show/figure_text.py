"""Text for figures of plotly's."""

from html import escape


def in_figure(text: str) -> str:
    """What a person wrote, so that plotly shows it as it is: it knows some tags and entities, and quotes are none."""
    return escape(text, quote=False)
