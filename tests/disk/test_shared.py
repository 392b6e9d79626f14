"""Files of the cache that machines share: in a folder, in fsspec's memory, and on a real S3 server."""

import os
import sys
import urllib.request
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from s3 import BUCKET, NAMES, s3_server

from sedkd.disk import shared
from sedkd.disk.remote import VARIABLE, Remote
from sedkd.errors import SedkdWarning, UserError

NAME = "teachers/0a1b.safetensors"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    pytest.importorskip("s3fs")
    pytest.importorskip("moto.server")
    with s3_server() as address:
        yield address


@pytest.fixture(params=["file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty place; where a test asks for it, also of one on a server."""
    if request.param == "file":
        (tmp_path / "remote").mkdir()
        return (tmp_path / "remote").as_uri()
    if request.param == "memory":
        return f"memory://{uuid.uuid4().hex}"
    for name, value in {**NAMES, "AWS_ENDPOINT_URL": request.getfixturevalue("s3")}.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


class Machine:
    """A cache of its own; `made` counts what was made there."""

    def __init__(self, folder: Path, text: str = "weights") -> None:
        self.folder, self.text, self.made = folder, text, 0

    def ask(self, turn: shared.Turn | None = None) -> str:
        """The content of the file, made if need be, by a process that has just been started."""
        os.environ["SEDKD_CACHE"] = str(self.folder)
        shared._opened.cache_clear()
        shared.take_turns(turn or shared._at_once)
        return shared.made_once_for_all(self.target, self._make, self._read)

    @property
    def target(self) -> Path:
        return self.folder.resolve() / NAME

    def _make(self) -> None:
        self.made += 1
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self.target.write_text(self.text)

    def _read(self, path: Path) -> str:
        text = path.read_text()
        if "weights" not in text:
            raise ValueError("no weights")
        return text


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Machine]:
    return lambda name, text="weights": Machine(tmp_path / name, text)


@contextmanager
def told() -> Iterator[list[str]]:
    """sedkd's own warnings, as they come."""
    lines: list[str] = []
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield lines
    lines += [str(each.message) for each in found if issubclass(each.category, SedkdWarning)]


@pytest.mark.parametrize("place", ["file", "memory", "s3"], indirect=True)
def test_what_one_machine_made_serves_the_other(place: str, machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, place)
    one, two = machine("one", "weights" * 300_000), machine("two")
    assert one.ask() == two.ask()
    assert (one.made, two.made) == (1, 0)
    assert sorted(path.name for path in two.target.parent.iterdir() if not path.name.endswith(".lock")) == [
        two.target.name
    ]


def test_what_was_made_before_there_was_a_remote_is_sent(place: str, machine, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = machine("one"), machine("two")
    one.ask()
    monkeypatch.setenv(VARIABLE, place)
    one.ask()
    assert two.ask() == "weights"
    assert (one.made, two.made) == (1, 0)


@pytest.mark.parametrize("place", ["file", "memory", "s3"], indirect=True)
def test_what_was_changed_there_is_refused_and_made_again(place: str, machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, place)
    one, two, three = machine("one"), machine("two"), machine("three")
    one.ask()
    remote = Remote(place)
    (digest,) = remote._digests(NAME)
    remote.files.pipe_file(f"{remote._root}/{NAME}/{digest}", b"other weights")
    with told() as lines:
        assert two.ask() == "weights"
    assert two.made == 1
    assert set(lines) == {
        f"${VARIABLE} {place}: {NAME}/{digest[:12]}... is damaged (its content has another digest) and is not used"
    }
    with told() as lines:
        assert three.ask() == "weights"  # the second one's is whole, under the same name
    assert three.made == 0
    assert not lines


def test_a_file_that_is_whole_but_none_of_ours_is_not_used(
    place: str, machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, place)
    (tmp_path / "evil").write_text("something else")
    Remote(place).send(tmp_path / "evil", NAME, lambda: None)
    one = machine("one")
    with told() as lines:
        assert one.ask() == "weights"
    assert one.made == 1
    assert set(lines) == {f"${VARIABLE} {place}: {NAME} is none of this version's and is not used"}


def test_two_that_made_it_at_once_go_on_with_the_same(place: str, machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, place)
    one, two = machine("one", "weights of one"), machine("two", "weights of two")
    make = two._make

    def slowly() -> None:
        make()
        one.ask()  # meanwhile
        os.environ["SEDKD_CACHE"] = str(two.folder)

    two._make = slowly
    assert two.ask() == "weights of one"
    assert two.target.read_text() == "weights of one"
    assert (one.made, two.made) == (1, 1)


def test_machines_that_take_turns_make_it_once(place: str, machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, place)
    one, two = machine("one"), machine("two")

    @contextmanager
    def after_the_other(what: str, waiting: Callable[[], None]) -> Iterator[None]:
        assert what == NAME
        one.ask()
        os.environ["SEDKD_CACHE"] = str(two.folder)
        yield

    assert two.ask(after_the_other) == "weights"
    assert (one.made, two.made) == (1, 0)


@pytest.mark.parametrize("place", ["file", "memory", "s3"], indirect=True)
def test_an_interruption_leaves_nothing_half(place: str, machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, place)
    one = machine("one", "weights" * 2_000_000)  # more than one block
    one._make()
    remote, calls = Remote(place), 0

    def interrupted() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remote.send(one.target, NAME, interrupted)
    assert not Remote(place).has(NAME)
    remote.send(one.target, NAME, lambda: None)
    calls = 0
    with pytest.raises(KeyboardInterrupt):
        remote.bring(NAME, one.folder / "brought", interrupted)
    assert [path.name for path in one.folder.iterdir()] == ["teachers"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s4://bucket", "the protocol s4 is unknown; file://, s3:// and gs:// are known"),
        ("/mnt/cache", "expected file:///FOLDER, s3://BUCKET/FOLDER or gs://BUCKET/FOLDER"),
        ("file://cache", "expected file:///FOLDER, s3://BUCKET/FOLDER or gs://BUCKET/FOLDER"),
        ("simplecache::file:///mnt", "expected file:///FOLDER, s3://BUCKET/FOLDER or gs://BUCKET/FOLDER"),
    ],
)
def test_an_address_that_is_none_is_one_line(url: str, message: str, machine, monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, url)
    with pytest.raises(UserError) as caught:
        machine("one").ask()
    assert str(caught.value) == f"${VARIABLE} {url}: {message}"


def test_a_missing_package_is_named_with_its_extra(machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)  # as where it is not installed
    monkeypatch.setenv(VARIABLE, "gs://bucket/cache")
    with pytest.raises(UserError, match=r"the package for gs:// is not installed; pip install 'sedkd\[gs\]'"):
        machine("one").ask()


def goes_on_alone(one: Machine, reason: str) -> None:
    """The file is made here, and why the place was not used is said once."""
    with told() as lines:
        assert one.ask() == "weights"
        shared.offer(one.target)
    assert one.made == 1
    assert len(lines) == 1
    assert reason in lines[0]
    assert lines[0].endswith("going on without it, with what is made here")


def test_a_folder_that_is_not_mounted(machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, (tmp_path / "mnt").as_uri())
    goes_on_alone(machine("one"), "there is no such folder; make or mount it")
    assert not (tmp_path / "mnt").exists()


def test_machines_that_cannot_share_do_not_wait_for_each_other(
    machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, (tmp_path / "mnt").as_uri())
    taken: list[str] = []

    @contextmanager
    def noted(what: str, waiting: Callable[[], None]) -> Iterator[None]:
        taken.append(what)
        yield

    with told():
        assert machine("one").ask(noted) == "weights"
    assert not taken


def test_a_folder_that_goes_away_in_mid_study(machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mnt").mkdir()
    monkeypatch.setenv(VARIABLE, (tmp_path / "mnt").as_uri())
    one = machine("one")
    make = one._make

    def gone() -> None:
        make()
        (tmp_path / "mnt").rmdir()

    one._make = gone
    goes_on_alone(one, "there is no such folder")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_disk_that_is_full_there(machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mnt").mkdir()
    monkeypatch.setenv(VARIABLE, (tmp_path / "mnt").as_uri())
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=0))
    (tmp_path / "mnt" / "unfinished").mkdir()
    (tmp_path / "mnt" / "unfinished" / uuid.UUID(int=0).hex).symlink_to("/dev/full")
    goes_on_alone(machine("one"), "No space left on device")


def test_a_bucket_that_is_not_there(s3: str, machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**NAMES, "AWS_ENDPOINT_URL": s3}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(VARIABLE, "s3://another-bucket/cache")
    goes_on_alone(machine("one"), "The specified bucket does not exist")


def test_no_permission_on_a_server(machine, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("s3fs")
    pytest.importorskip("moto.server")
    with s3_server() as address:
        for name, value in {**NAMES, "AWS_ENDPOINT_URL": address}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(VARIABLE, f"s3://{BUCKET}/cache")
        with closed_to_strangers(address):
            goes_on_alone(machine("one"), "does not exist in our records")


@contextmanager
def closed_to_strangers(address: str) -> Iterator[None]:
    """From now on the server looks at who asks."""

    def after(actions: bytes) -> None:
        urllib.request.urlopen(
            urllib.request.Request(f"{address}/moto-api/reset-auth", actions, {"Content-Type": "text/plain"})
        )

    after(b"0")
    try:
        yield
    finally:
        after(b"inf")


def test_a_server_that_is_gone(s3: str, machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**NAMES, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(VARIABLE, f"s3://{BUCKET}/cache")
    goes_on_alone(machine("one"), "127.0.0.1:1")


def test_a_password_in_an_address_is_not_said() -> None:
    with pytest.raises(UserError) as caught:
        Remote("s4://me:secret@host/cache")
    assert "secret" not in str(caught.value)


def test_names_there_that_are_no_digests_are_no_files(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir(parents=True)
    (tmp_path / NAME / "notes.txt").write_text("weights")
    remote = Remote(tmp_path.as_uri())
    assert not remote.has(NAME)
    assert not remote.bring(NAME, tmp_path / "brought", lambda: None)


def test_the_disk_here_is_not_taken_for_the_one_there(tmp_path: Path) -> None:
    remote = Remote(tmp_path.as_uri())
    (tmp_path / "file").write_text("weights")
    remote.send(tmp_path / "file", NAME, lambda: None)
    with pytest.raises(OSError, match="File exists"):
        remote.bring(NAME, tmp_path / "file" / "below", lambda: None)
