"""What people name freely (environments, subsets, events), as MLflow, Optuna and file systems take it.

MLflow's queries, metrics, registered models and artifact folders each refuse other characters. What all of them take
stays as it is; of anything else the rest is replaced and a digest added, so that no two names become one.
"""

import hashlib
import re
import unicodedata

MAX_LENGTH = 60  # characters: a folder's name may have 255 bytes, and this is a part of one
_PLAIN = re.compile(r"\w([\w .-]*\w)?")
_DIGEST_BYTES = 4


def cleaned(name: str) -> str:
    """`name` if it is made of letters, digits, spaces and _.- (no sign at its ends, no two dots), else such a one of
    its own."""
    if len(name) <= MAX_LENGTH and ".." not in name and _PLAIN.fullmatch(name):
        return name
    digest = hashlib.blake2b(name.encode(errors="surrogateescape"), digest_size=_DIGEST_BYTES).hexdigest()
    kept = re.sub(r" *([^\w .-]+|\.\.+) *", "-", unicodedata.normalize("NFC", name))
    kept = kept[: MAX_LENGTH - len(digest) - 1].strip(" .-")
    return f"{kept}-{digest}" if kept else digest


def experiment_name(environment: str) -> str:
    """The MLflow experiment of an environment's studies."""
    return f"sedkd-{cleaned(environment)}"


def label_of(study: str) -> str:
    """What a study is named after, without its digest: its environment, or ENVIRONMENT.SUBSET."""
    return study.rpartition("-")[0]


def model_name(study: str) -> str:
    """The registered model of a study's exports in MLflow: students for some of the events are another than those for
    all, and have versions and aliases of their own."""
    return f"sedkd-{label_of(study)}"


def key(name: str) -> str:
    """A name made by sedkd as a key of MLflow's: letters, digits, spaces and -_./ are allowed."""
    return "".join(c if c.isalnum() or c in " -_./" else "_" for c in name)
