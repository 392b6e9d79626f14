"""One rule for how labels and names may be spelt: what differs by it alone is the same label, in every table."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))  # soft hyphen, spaces without width, byte order mark


def folded(label: str) -> str:
    """A label without what spellings differ in: case, Unicode's normal form, underscores, blanks, parentheses."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold()).translate(INVISIBLE)
    return re.sub(r"[\s_]+", " ", plain.replace("(", "").replace(")", "")).strip()


def composed(text: str) -> str:
    """Text in Unicode's composed form (NFC): a letter with its accent is one character, whoever wrote it."""
    return unicodedata.normalize("NFC", text)


def usual_spellings(labels: Iterable[str]) -> dict[str, str]:
    """Folded label -> its most frequent spelling, of several the first; in order of appearance."""
    counts: dict[str, Counter[str]] = {}
    for label in labels:
        counts.setdefault(folded(label), Counter())[label] += 1
    return {key: spellings.most_common(1)[0][0] for key, spellings in counts.items()}
