"""Truth as JAMS (Humphrey et al., ISMIR 2014): a JSON file per clip, after https://github.com/marl/jams's schema.

Events are observations of the namespace `tag_open`, whose value is any text.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from sedkd.data.events import Event
from sedkd.disk.paths import written_atomically

SCHEMA_VERSION = "0.3.4"
NAMESPACE = "tag_open"


def write_jams(path: Path, title: str, duration: float, events: Sequence[Event]) -> None:
    """Write the events of a clip of `duration` seconds; `title` is its file name."""
    observations = [
        {"time": e.onset, "duration": e.offset - e.onset, "value": e.event_label, "confidence": 1.0} for e in events
    ]
    annotation = {
        "namespace": NAMESPACE,
        "annotation_metadata": {
            "annotation_tools": "sedkd data synthesise",
            "data_source": "synthesis: the events were placed where the annotation says",
        },
        "time": 0.0,
        "duration": duration,
        "data": observations,
        "sandbox": {},
    }
    content = {
        "file_metadata": {"title": title, "duration": duration, "identifiers": {}, "schema_version": SCHEMA_VERSION},
        "annotations": [annotation],
        "sandbox": {},
    }
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
