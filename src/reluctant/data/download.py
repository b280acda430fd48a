"""Downloading published files: mirrors in turn, and no file under its name before its checksum is right."""

import base64
import hashlib
import http.client
import os
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from reluctant.catalogue.datasets import DATASETS, DatasetEntry
from reluctant.core.atomic_files import atomic_file, delete_partial_files
from reluctant.core.errors import DataError
from reluctant.data.folder import VARIABLE, data_folder, find_file, manual_download
from reluctant.data.idx import file_checksum

MIRROR = "RELUCTANT_MIRROR"
TIMEOUT = 20.0  # seconds, to connect and for each read
PATIENCE = 60.0  # seconds, in which an address has to begin its answer, and after which it must not be slower than:
SLOWEST = 10_000  # bytes a second
_CHUNK = 64 * 1024
_WEB_ONLY = (  # urllib's usual ones without files and ftp, where a redirect could otherwise lead
    urllib.request.ProxyHandler, urllib.request.UnknownHandler, urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler, urllib.request.HTTPDefaultErrorHandler, urllib.request.HTTPRedirectHandler,
    urllib.request.HTTPErrorProcessor,
)  # fmt: skip


class Response(Protocol):
    """What an opener returns: bytes in pieces, an empty piece at the end."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""

    def close(self) -> None:
        """Close the connection."""


Opener = Callable[[str], Response]


def open_web(address: str) -> Response:
    """The response of a server, redirects followed; the environment's proxies are used.

    A user and a password in the address are sent to its server and to no other.
    """
    director = urllib.request.OpenerDirector()
    for handler in _WEB_ONLY:
        director.add_handler(handler())
    parts = urllib.parse.urlsplit(address)
    credentials, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(parts._replace(netloc=host).geturl(), headers={"User-Agent": "reluctant"})
    if credentials:
        encoded = base64.b64encode(urllib.parse.unquote(credentials).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {encoded}")
    response: Response = director.open(request, timeout=TIMEOUT)
    return response


def without_password(address: str) -> str:
    """The address as it may be printed: a user and a password are left out."""
    return re.sub(r"(//)[^/@]*(?:@[^/@]*)*@", r"\1", address)


class _DownloadError(Exception):
    """Why one address did not give the file; the next is tried."""


def fetch(
    name: str, folder: Path | None = None, *, log: Callable[[str], None] = print, opener: Opener = open_web
) -> Path:
    """The folder of a data set in `data_folder(folder)`, after downloading what is missing there.

    Mirrors are tried in turn, `$RELUCTANT_MIRROR` (the address under which a data set's files lie) before
    all; each failure is reported and the next is tried. Existing files are never overwritten.

    There is nothing to do for a data set that comes with the package. `log` receives one line per file and failure.
    Raises `DataError`: reluctant has no address of the data, every address failed (each with its reason), or an
    existing file is not the published one.
    """
    canonical = DATASETS.canonical(name)
    row = None if canonical.is_user_defined else DATASETS[canonical.head]
    reads_files = row is None or not {"root", "path"}.isdisjoint(parameter.name for parameter in row.parameters)
    if row is None or (reads_files and not row.classes):
        raise DataError(f"{canonical.head} is data of your own, so there is nothing to fetch")
    target = data_folder(folder) / row.subfolder
    if reads_files:
        raise DataError(f"reluctant cannot download {row.title}; put its binary version ({row.source}) into {target}")
    if not row.files:
        log(f"{row.name} comes with reluctant, nothing to fetch")
        return data_folder(folder)
    mirrors, paths = _mirrors(row), {file: find_file(target, file) for file in row.files}
    failures: dict[str, list[str]] = {}
    if any(path is None for path in paths.values()):
        with _downloading_alone(target, log):
            for file in row.files:
                if find_file(target, file) is None and (reasons := _obtain(file, row, target, mirrors, log, opener)):
                    failures[file] = reasons
    if failures:
        listed = "\n".join(f"  {reason}" for reasons in failures.values() for reason in reasons)
        raise DataError(
            f"{len(failures)} of {len(row.files)} files of {row.title} could not be fetched\n{listed}\ntry again, set "
            f"{MIRROR} to an address that has them, or {manual_download(row, target, failures)}"
        )
    unpublished = []
    for file, path in paths.items():
        if path is not None and path.name != file:
            log(f"{path.name} is there already, unpacked")
        elif path is not None and file_checksum(path) == row.files[file][1]:
            log(f"{file} is there already")
        elif path is not None:
            unpublished.append(file)
    if unpublished:
        raise DataError(
            f"{', '.join(unpublished)} in {target}: not the published content; nothing was overwritten. Move away what "
            f"you do not need and run `reluctant fetch {row.name}` again"
        )
    return target


@contextmanager
def _downloading_alone(folder: Path, log: Callable[[str], None]) -> Iterator[None]:
    """One process downloads into a folder at a time, the others wait and find its files; what killed ones left is gone.

    Where the folder cannot be locked (Windows, some network file systems), all download.
    """
    with ExitStack() as opened:
        with suppress(ImportError, OSError):
            import fcntl

            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder, os.O_RDONLY)
            opened.callback(os.close, handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log(f"another process downloads into {folder}; waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
            delete_partial_files(folder)
        yield


def _obtain(
    file: str, row: DatasetEntry, folder: Path, mirrors: Iterable[str], log: Callable[[str], None], opener: Opener
) -> list[str]:
    """Download a file from the first mirror that has it; why each failed, empty on success."""
    reasons = []
    for base in mirrors:
        log(f"{file} from {without_password(base)}")
        address = base + file if base.endswith("/") else base
        try:
            _download_file(address, folder / file, row.files[file], opener)
            return []
        except _DownloadError as fault:
            log(f"  failed: {fault}")
            reasons.append(f"{without_password(address)}: {fault}")
        except OSError as fault:
            raise DataError(
                f"{folder} cannot be written to: {fault.strerror or fault}; make room, change its permissions, or set "
                f"{VARIABLE} to another folder"
            ) from None
    return reasons


def _mirrors(row: DatasetEntry) -> tuple[str, ...]:
    first = os.environ.get(MIRROR, "").strip()
    if first and not first.lower().startswith(("http://", "https://")):
        raise DataError(
            f"{MIRROR} is {without_password(first)!r}; write an address that starts with http:// or https://"
        )
    return (first.rstrip("/") + "/", *row.mirrors) if first else row.mirrors


def _download_file(address: str, target: Path, published: tuple[int, str], opener: Opener) -> None:
    """Give `target` its name once all its bytes are on the disk and right; OSError is the disk's."""
    size, sha256 = published
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(target) as file, closing(_receive(address, size, opener)) as pieces:
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        if digest.hexdigest() != sha256:
            raise _DownloadError(f"other content than published (SHA-256 {digest.hexdigest()})")


def _receive(address: str, size: int, opener: Opener) -> Generator[bytes, None, None]:
    """The bytes at an address in pieces, exactly `size` of them; `_DownloadError` for whatever goes wrong."""
    received, began = 0, time.monotonic()
    try:
        with closing(_open_in_time(address, opener)) as response:
            read = getattr(response, "read1", response.read)  # `read` waits for a whole piece, however slow it comes
            while piece := read(_CHUNK):
                received, seconds = received + len(piece), time.monotonic() - began
                if received > size:
                    raise _DownloadError(f"more than the {size:,} bytes published")
                if seconds > PATIENCE and received < size and received / seconds < SLOWEST:
                    raise _DownloadError(f"too slow: {received:,} of {size:,} bytes in {seconds:.0f} seconds")
                yield piece
    except urllib.error.HTTPError as fault:
        fault.close()
        raise _DownloadError(f"HTTP {fault.code} {fault.reason}".splitlines()[0]) from None
    except (OSError, http.client.HTTPException, ValueError) as fault:
        reason = fault.reason if isinstance(fault, urllib.error.URLError) else fault
        raise _DownloadError(str(reason) or type(reason).__name__) from None
    if received < size:
        raise _DownloadError(f"{received:,} of {size:,} bytes arrived")


def _open_in_time(address: str, opener: Opener) -> Response:
    """The response of an opener; `_DownloadError` where its head comes so slowly that no read of it times out."""
    answers: list[Response | BaseException] = []

    def answer() -> None:
        try:
            answers.append(opener(address))
        except BaseException as fault:
            answers.append(fault)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not answers:
        raise _DownloadError(f"no answer within {PATIENCE:.0f} seconds")
    (result,) = answers
    if isinstance(result, BaseException):
        raise result
    return result
