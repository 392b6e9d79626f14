"""Safetensors files: whole, or an error of the system's."""

import errno
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from sedkd.disk.tensor_file import save_tensors


@pytest.fixture
def _no_room() -> Iterator[None]:
    """No file grows beyond 4 kB, which the system tells as it tells a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("_no_room")
def test_where_there_is_no_room_the_system_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File too large") as caught:
        save_tensors({"weights": torch.zeros(10_000)}, tmp_path / "trunk.safetensors", {"key": "1"})
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []
