"""Files that appear when they are whole."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sedkd.disk.paths import written_atomically


def write(target: Path, text: str = "whole") -> None:
    with written_atomically(target) as temporary:
        temporary.write_text(text)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "new" / ("x" * 200)
    write(target)
    with pytest.raises(TypeError):
        write(target, 7)  # type: ignore[arg-type]
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "whole"


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE, text=True) as reader:
        write(tmp_path / "pipe")
        assert reader.communicate(timeout=30)[0] == "whole"
    assert (tmp_path / "pipe").is_fifo()
    assert list(tmp_path.iterdir()) == [tmp_path / "pipe"]


def test_stdout_is_written_to() -> None:
    code = "from pathlib import Path; from sedkd.disk.paths import written_atomically as w\n"
    code += "with w(Path('/dev/stdout')) as t: t.write_text('whole')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "whole"
    assert Path("/dev/stdout").is_symlink()


def test_an_error_names_the_target(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011  ENOSPC has no class of its own
        write(Path("/dev/full"), "x" * 100_000)
    assert caught.value.filename == "/dev/full"
    assert Path("/dev/full").is_char_device()
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as caught:  # noqa: PT011
        write(tmp_path / "file" / "below")
    assert str(caught.value.filename).startswith(str(tmp_path / "file"))


def test_a_temporary_name_is_told_as_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the target's name is relative, that of the temporary file is not
    with pytest.raises(OSError, match="No space") as copied, written_atomically(Path("out.tsv")) as temporary:
        raise OSError(errno.ENOSPC, "No space left on device", "source", None, str(temporary))
    assert (copied.value.filename, copied.value.filename2) == ("source", "out.tsv")

    def refuse(name: str, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", name)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError) as shut:
        write(Path("out.tsv"))
    assert shut.value.filename == "out.tsv"
