"""What a page that works alone holds within itself: data, and the digests of what it may run."""

import base64
import hashlib
import json
from typing import Any


def script_hash(text: str) -> str:
    """How a content security policy names a script or a style of exactly this text (W3C CSP 3, hash-source)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def inert_json(content: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(content, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
