"""Downloads: mirrors in turn, checksums before use, nothing under a name before it is whole; the folder."""

import errno
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.errors import DataError
from reluctant.data import data_folder, download, fetch
from reluctant.data.download import open_web
from tests.support.data_server import CONTENT, serving

PUBLISHED = {name: (len(body), hashlib.sha256(body).hexdigest()) for name, body in CONTENT.items()}


@pytest.fixture
def server() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture(autouse=True)
def _clear_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELUCTANT_MIRROR", raising=False)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch, server: str) -> "Mirrors":
    return Mirrors(monkeypatch, server)


class Mirrors:
    """Sets the mirrors of MNIST's files (here two small ones) in the catalogue."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, server: str) -> None:
        self.monkeypatch = monkeypatch
        self.server = server

    def set(self, *ways: str) -> None:
        bases = tuple(way if ":" in way else f"{self.server}{way}/" for way in ways)
        row = replace(DATASETS["mnist"], files=PUBLISHED, mirrors=bases)
        self.monkeypatch.setattr(download, "DATASETS", replace(DATASETS, rows=(row, DATASETS["digits"])))


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "mnist").iterdir()}


def refused_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


@pytest.mark.parametrize("way", ["good", "moved", "unsized"])
def test_every_file_arrives_under_its_name(tmp_path: Path, mirrors: Mirrors, way: str) -> None:
    mirrors.set(way)
    messages: list[str] = []
    assert fetch("mnist", tmp_path / "deep" / "down", log=messages.append) == tmp_path / "deep" / "down" / "mnist"
    assert listing(tmp_path / "deep" / "down") == CONTENT
    assert messages == [f"{name} from {mirrors.server}{way}/" for name in CONTENT]


FAILURES = {
    "missing": "HTTP 404 Not Found",
    "down": "HTTP 500 Internal Server Error",
    "page": "19 of [0-9,]+ bytes arrived",
    "short": "[0-9,]+ (of [0-9,]+ bytes arrived|bytes read)",
    "endless": "more than the [0-9,]+ bytes published",
    "longer": "more than the [0-9,]+ bytes published",
    "wrong": r"other content than published \(SHA-256 [0-9a-f]{64}\)",
    "loop": "HTTP 302 .*infinite loop",
    "nowhere": "Connection refused",
    "ftp": "unknown url type: ftp",
    "local": "HTTP 302 .*not allowed",
    "closes": "closed connection without response|Connection reset",
    "babble": "this is no HTTP at all",
}


@pytest.mark.parametrize("way", FAILURES)
def test_after_any_failure_of_a_mirror_the_next_is_tried(tmp_path: Path, mirrors: Mirrors, way: str) -> None:
    mirrors.set(way, "good")
    messages: list[str] = []
    fetch("mnist", tmp_path, log=messages.append)
    assert listing(tmp_path) == CONTENT
    assert messages[0].endswith(f"{way}/")
    assert messages[1].startswith("  failed: ")
    assert messages[2].endswith("good/")


@pytest.mark.parametrize("way", FAILURES)
def test_where_all_fail_every_address_is_listed_with_its_reason(tmp_path: Path, mirrors: Mirrors, way: str) -> None:
    closed = refused_address()
    mirrors.set(way, closed)
    with pytest.raises(DataError, match=FAILURES[way]) as caught:
        fetch("mnist", tmp_path, log=lambda line: None)
    message = str(caught.value)
    assert "2 of 2 files of MNIST could not be fetched" in message
    for name, (_, sha256) in PUBLISHED.items():
        assert f"{mirrors.server}{way}/{name}: " in message
        assert f"{closed}{name}: [Errno {errno.ECONNREFUSED}]" in message
        assert sha256 in message
    assert f"put these files into {tmp_path / 'mnist'} by hand" in message
    assert "RELUCTANT_MIRROR" in message
    assert listing(tmp_path) == {}


def test_a_server_that_does_not_answer_times_out(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 1.0)  # long enough for the good one on a busy machine
    mirrors.set("silent", "good")
    messages: list[str] = []
    fetch("mnist", tmp_path, log=messages.append)
    assert messages.count("  failed: timed out") == len(CONTENT)
    assert listing(tmp_path) == CONTENT


def test_a_complete_file_stays_when_another_is_nowhere(tmp_path: Path, mirrors: Mirrors) -> None:
    mirrors.set("good")

    def half(address: str) -> download.Response:
        return open_web(address.replace("/good/train-images", "/missing/train-images"))

    with pytest.raises(DataError, match="1 of 2 files") as caught:
        fetch("mnist", tmp_path, log=lambda line: None, opener=half)
    assert listing(tmp_path) == {"train-labels.gz": CONTENT["train-labels.gz"]}
    assert "train-labels" not in str(caught.value)
    fetch("mnist", tmp_path, log=lambda line: None)
    assert listing(tmp_path) == CONTENT


def no_network(address: str) -> download.Response:
    raise RuntimeError(f"{address} was opened")


def test_existing_files_are_not_downloaded(tmp_path: Path, mirrors: Mirrors) -> None:
    mirrors.set("good")
    fetch("mnist", tmp_path, log=lambda line: None)
    messages: list[str] = []
    fetch("mnist", tmp_path, log=messages.append, opener=no_network)
    assert messages == [f"{name} is there already" for name in CONTENT]


def test_unpacked_files_are_not_downloaded(tmp_path: Path, mirrors: Mirrors) -> None:
    mirrors.set("good")
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-images").write_bytes(b"unpacked")
    messages: list[str] = []
    fetch("mnist", tmp_path, log=messages.append)
    assert messages[-1] == "train-images is there already, unpacked"
    labels = "train-labels.gz"
    assert listing(tmp_path) == {"train-images": b"unpacked", labels: CONTENT[labels]}


def test_another_file_under_the_name_is_reported_and_never_overwritten(tmp_path: Path, mirrors: Mirrors) -> None:
    mirrors.set("good")
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-images.gz").write_bytes(b"mine")
    with pytest.raises(DataError, match=r"^train-images\.gz in .*not the published content; nothing was overw"):
        fetch("mnist", tmp_path, log=lambda line: None)
    assert listing(tmp_path) == {**CONTENT, "train-images.gz": b"mine"}


def test_the_mirror_of_the_environment_comes_first(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors.set("missing")
    monkeypatch.setenv("RELUCTANT_MIRROR", f"{mirrors.server}good")  # with or without the last /
    messages: list[str] = []
    fetch("mnist", tmp_path, log=messages.append)
    assert messages == [f"{name} from {mirrors.server}good/" for name in CONTENT]
    assert listing(tmp_path) == CONTENT


@pytest.mark.parametrize("address", ["file:///etc", "ftp://a.example/", "mirror.example", "/srv/data"])
def test_a_mirror_that_is_no_web_address_is_refused(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    mirrors.set("good")
    monkeypatch.setenv("RELUCTANT_MIRROR", address)
    with pytest.raises(DataError, match=f"RELUCTANT_MIRROR is '{address}'; write an address that starts"):
        fetch("mnist", tmp_path, opener=no_network)


@pytest.mark.parametrize("address", ["http://[::1/", "http://a b.example/", "http://127.0.0.1:port/"])
def test_an_impossible_address_is_one_more_failure(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    mirrors.set("good")
    monkeypatch.setenv("RELUCTANT_MIRROR", address)
    messages: list[str] = []
    fetch("mnist", tmp_path, log=messages.append)
    assert messages[1].startswith("  failed: ")
    assert listing(tmp_path) == CONTENT


@pytest.mark.parametrize("name", ["digits", "diabetes", "waves"])
def test_a_bundled_data_set_needs_no_download(tmp_path: Path, name: str) -> None:
    messages: list[str] = []
    assert fetch(name, tmp_path, log=messages.append, opener=no_network) == tmp_path
    assert messages == [f"{name} comes with reluctant, nothing to fetch"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cifar10", "reluctant cannot download CIFAR-10; put its binary version .* into .*cifar10"),
        ("csv", "csv is data of your own, so there is nothing to fetch"),
        ("some_module:make", "some_module:make is data of your own, so there is nothing to fetch"),
    ],
)
def test_what_cannot_be_downloaded_is_refused_with_what_to_do(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fetch(name, tmp_path, opener=no_network)


class Halfway:
    """A response that ends in the middle in some way."""

    def __init__(self, end: BaseException) -> None:
        self.pieces = [b"half of it"]
        self.end = end
        self.closed = False

    def read(self, size: int, /) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        raise self.end

    def close(self) -> None:
        self.closed = True


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, mirrors: Mirrors) -> None:
    mirrors.set("good")
    response = Halfway(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fetch("mnist", tmp_path, log=lambda line: None, opener=lambda address: response)
    assert response.closed
    assert listing(tmp_path) == {}


@pytest.mark.parametrize("end", [ConnectionResetError("gone"), TimeoutError("timed out"), OSError()])
def test_a_connection_that_breaks_is_one_failure(tmp_path: Path, mirrors: Mirrors, end: Exception) -> None:
    mirrors.set("good", "good")
    broken = [Halfway(end)]

    def once_broken(address: str) -> download.Response:
        return broken.pop() if broken else open_web(address)

    messages: list[str] = []
    fetch("mnist", tmp_path, log=messages.append, opener=once_broken)
    assert messages[1].startswith(f"  failed: {end}" if str(end) else f"  failed: {type(end).__name__}")
    assert listing(tmp_path) == CONTENT


def test_a_kill_halfway_leaves_no_file_with_the_right_name(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, pathlib\n"
        "from reluctant.data import fetch\n"
        "class Killed:\n"
        "    left = 3\n"
        "    def read(self, size):\n"
        "        self.left -= 1\n"
        "        if not self.left: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return bytes(size)\n"
        "    def close(self): pass\n"
        "fetch('mnist', pathlib.Path(sys.argv[1]), opener=lambda address: Killed())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.suffix for path in (tmp_path / "mnist").iterdir()] == [".part"]
    assert all(path.name.startswith(".") for path in (tmp_path / "mnist").iterdir())


def test_a_full_disk_is_reported_and_leaves_nothing(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    mirrors.set("good")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match=r"mnist cannot be written to: No space left.*RELUCTANT_DATA"):
        fetch("mnist", tmp_path, log=lambda line: None)
    assert listing(tmp_path) == {}


def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path, mirrors: Mirrors) -> None:
    mirrors.set("good")
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DataError, match="cannot be written to: Not a directory"):
        fetch("mnist", tmp_path / "taken", log=lambda line: None, opener=no_network)


def test_nothing_has_its_name_before_it_is_whole(tmp_path: Path, mirrors: Mirrors) -> None:
    mirrors.set("good")
    visible: list[set[str]] = []

    def watched(address: str) -> download.Response:
        visible.append({path.name for path in (tmp_path / "mnist").glob("[!.]*")})
        return open_web(address)

    fetch("mnist", tmp_path, log=lambda line: None, opener=watched)
    assert visible == [set(), {"train-images.gz"}]


def test_the_argument_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELUCTANT_DATA", "elsewhere")
    assert data_folder(tmp_path) == tmp_path
    assert data_folder() == Path("elsewhere")


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELUCTANT_DATA", "~/sets")
    assert data_folder() == Path.home() / "sets"


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_variable_it_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("RELUCTANT_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("RELUCTANT_DATA", value)
    assert data_folder() == Path(platformdirs.user_cache_dir("reluctant")) / "data"


class Dripping:
    """A response of one byte at a time."""

    def read(self, size: int, /) -> bytes:
        return b"x"

    def close(self) -> None:
        """There is nothing to close."""


class Seconds:
    """A clock on which every look takes a second. It replaces `time`."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 1
        return self.now


def test_a_mirror_that_gives_a_byte_a_second_is_left(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors.set("good", "good")
    monkeypatch.setattr(download, "time", Seconds())
    slow: list[download.Response] = [Dripping()]
    messages: list[str] = []
    fetch("mnist", tmp_path, log=messages.append, opener=lambda address: slow.pop() if slow else open_web(address))
    assert messages[1] == "  failed: too slow: 61 of 204,800 bytes in 61 seconds"
    assert listing(tmp_path) == CONTENT


def test_a_mirror_that_gives_its_head_too_slowly_is_left(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors.set("silent")
    monkeypatch.setattr(download, "PATIENCE", 0.1)
    with pytest.raises(DataError, match=r"silent/train-images\.gz: no answer within 0 seconds"):
        fetch("mnist", tmp_path, log=lambda line: None)


def test_pieces_are_taken_as_they_come(tmp_path: Path, mirrors: Mirrors) -> None:
    """`read` would wait for 64 KiB: eighteen hours, at a byte a second, before anybody looks at the clock."""
    mirrors.set("good")
    with open_web(f"{mirrors.server}hesitant/train-images.gz") as response:  # type: ignore[attr-defined]
        assert next(download._receive("", 10**6, lambda address: response)) == b"x"


def test_processes_download_one_after_the_other(tmp_path: Path, mirrors: Mirrors) -> None:
    """Eight workers that lack the data fetched every file eight times, and a killed one left its part."""
    mirrors.set("good")
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / ".train-images.gz.12345678.part").write_bytes(b"of a killed process")
    opened: list[str] = []

    def counted(address: str) -> download.Response:
        opened.append(address)
        return open_web(address)

    threads = [
        threading.Thread(target=fetch, args=("mnist", tmp_path), kwargs={"log": lambda line: None, "opener": counted})
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == len(CONTENT)
    assert listing(tmp_path) == CONTENT


def test_the_password_of_a_mirror_is_sent_and_never_printed(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors.set("missing")
    monkeypatch.setenv("RELUCTANT_MIRROR", mirrors.server.replace("//", "//ada:p%40ss@") + "private")
    messages: list[str] = []
    fetch("mnist", tmp_path, log=messages.append)
    assert messages == [f"{name} from {mirrors.server}private/" for name in CONTENT]
    assert listing(tmp_path) == CONTENT
    monkeypatch.setenv("RELUCTANT_MIRROR", mirrors.server.replace("//", "//ada:secret@") + "private")
    with pytest.raises(DataError, match=r"private/train-images\.gz: HTTP 401") as caught:
        fetch("mnist", tmp_path / "other", log=messages.append)
    assert "secret" not in str(caught.value) + "".join(messages)


@pytest.mark.parametrize("address", ["ftp://ada:secret@a.example/", "http://ada:secret@[::1/", "//a:secret@b@c/"])
def test_the_password_of_an_impossible_mirror_is_not_printed(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    mirrors.set("missing")
    monkeypatch.setenv("RELUCTANT_MIRROR", address)
    with pytest.raises(DataError) as caught:
        fetch("mnist", tmp_path, log=lambda line: None)
    assert "secret" not in str(caught.value)
