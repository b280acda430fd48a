"""Fetching published files: mirrors in turn, nothing under its name before its sum is right."""

import hashlib
import http.client
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from reluctant.catalogue.datasets import DATASETS, DatasetEntry
from reluctant.core.errors import DataError
from reluctant.data.folder import VARIABLE, by_hand, find, root
from reluctant.data.idx import file_sum

MIRROR = "RELUCTANT_MIRROR"
TIMEOUT = 20.0  # seconds, to connect and for each read
_CHUNK = 64 * 1024
_WEB_ONLY = (  # urllib's usual ones without files and ftp, where a redirect could otherwise lead
    urllib.request.ProxyHandler,
    urllib.request.UnknownHandler,
    urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPRedirectHandler,
    urllib.request.HTTPErrorProcessor,
)


class Response(Protocol):
    """What an opener gives: bytes in pieces, an empty piece at the end."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""

    def close(self) -> None:
        """Nothing more is wanted."""


Opener = Callable[[str], Response]


@dataclass(frozen=True)
class _Errand:
    """What is to be fetched, to which folder, from where."""

    row: DatasetEntry
    place: Path
    mirrors: tuple[str, ...]
    say: Callable[[str], None]
    opener: Opener


class _UnfitError(Exception):
    """Why one address did not give the file; the next is tried."""


def is_web(address: str) -> bool:
    """Whether an address is http or https; nothing else is opened."""
    return address.lower().startswith(("http://", "https://"))


def open_web(address: str) -> Response:
    """The response of a server, redirects followed; the environment's proxies are used."""
    director = urllib.request.OpenerDirector()
    for handler in _WEB_ONLY:
        director.add_handler(handler())
    request = urllib.request.Request(address, headers={"User-Agent": "reluctant"})
    response: Response = director.open(request, timeout=TIMEOUT)
    return response


def fetch(
    name: str,
    folder: Path | None = None,
    *,
    say: Callable[[str], None] = print,
    opener: Opener = open_web,
) -> Path:
    """The folder `root(folder)/<name>`, after downloading what is missing there.

    Mirrors are tried in turn, `$RELUCTANT_MIRROR` (the address under which a data set's files lie) before
    all; each failure is said and the next is tried. What lies there already is never overwritten. Raises
    `DataError` with every address and its failure, or for a present file that is not the published one.
    """
    canonical = DATASETS.canonical(name)
    row = None if canonical.is_user_defined else DATASETS[canonical.head]
    if row is None or not row.files:
        say(f"{canonical}: nothing to download")
        return root(folder)
    errand = _Errand(row, root(folder) / row.name, _mirrors(row), say, opener)
    missing = [file for file in row.files if find(errand.place, file) is None]
    failures = {file: _obtain(errand, file) for file in missing}
    failed = {file: reasons for file, reasons in failures.items() if reasons}
    if failed:
        raise DataError(_nowhere(errand, failed))
    _check_present(errand, [file for file in row.files if file not in missing])
    return errand.place


def _mirrors(row: DatasetEntry) -> tuple[str, ...]:
    own = os.environ.get(MIRROR, "").strip()
    if own and not is_web(own):
        raise DataError(f"{MIRROR} is {own!r}; write an address that starts with http:// or https://")
    bases = (own, *row.mirrors) if own else row.mirrors
    return tuple(base.rstrip("/") + "/" for base in bases)


def _obtain(errand: _Errand, file: str) -> list[str]:
    """Download one file from the first mirror that has it; why each failed, empty once one did not."""
    reasons = []
    for base in errand.mirrors:
        errand.say(f"{file} from {base}")
        try:
            _download(base + file, errand.place / file, errand.row.files[file], errand.opener)
        except _UnfitError as fault:
            errand.say(f"  failed: {fault}")
            reasons.append(f"{base}{file}: {fault}")
        except OSError as fault:
            raise DataError(
                f"{errand.place} cannot be written to: {fault.strerror or fault}; make room, change its "
                f"permissions, or set {VARIABLE} to another folder"
            ) from None
        else:
            return []
    return reasons


def _download(address: str, target: Path, published: tuple[int, str], opener: Opener) -> None:
    """Give `target` its name once all its bytes are on the disk and add up; OSError is the disk's."""
    size, sha256 = published
    target.parent.mkdir(parents=True, exist_ok=True)
    with _placed(target) as file, closing(_received(address, size, opener)) as pieces:
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        if digest.hexdigest() != sha256:
            raise _UnfitError(f"other content than published (SHA-256 {digest.hexdigest()})")


@contextmanager
def _placed(target: Path) -> Iterator[IO[bytes]]:
    """A file to write that becomes `target` at the end, and vanishes if there is no good end."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:  # an interrupt too
        temporary.unlink(missing_ok=True)
        raise


def _received(address: str, size: int, opener: Opener) -> Generator[bytes, None, None]:
    """The bytes at an address in pieces, exactly `size` of them; `_UnfitError` for whatever goes wrong."""
    received = 0
    try:
        with closing(opener(address)) as response:
            while piece := response.read(_CHUNK):
                received += len(piece)
                if received > size:
                    raise _UnfitError(f"more than the {size:,} bytes published")
                yield piece
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise _UnfitError(_reason(fault)) from None
    if received < size:
        raise _UnfitError(f"{received:,} of {size:,} bytes arrived")


def _reason(fault: Exception) -> str:
    if isinstance(fault, urllib.error.HTTPError):
        fault.close()
        return f"HTTP {fault.code} {fault.reason}".splitlines()[0]
    inner = fault.reason if isinstance(fault, urllib.error.URLError) else fault
    return str(inner) or type(inner).__name__


def _nowhere(errand: _Errand, failed: dict[str, list[str]]) -> str:
    row = errand.row
    tried = "\n".join(f"  {reason}" for reasons in failed.values() for reason in reasons)
    return (
        f"{len(failed)} of {len(row.files)} files of {row.title} could not be fetched\n{tried}\n"
        f"try again, set {MIRROR} to an address that has them, or {by_hand(row, errand.place, failed)}"
    )


def _check_present(errand: _Errand, present: list[str]) -> None:
    """Say what was there before; `DataError` where it is not the published file."""
    row, place, say = errand.row, errand.place, errand.say
    other = []
    for file in present:
        path = find(place, file)
        if path is None or path.name != file:
            say(f"{file.removesuffix('.gz')} is there already, unpacked")
        elif file_sum(path) == row.files[file][1]:
            say(f"{file} is there already")
        else:
            other.append(file)
    if other:
        raise DataError(
            f"{', '.join(other)} in {place}: not the published content; nothing was overwritten. "
            f"Move away what you do not want and run `reluctant fetch {row.name}` again"
        )
