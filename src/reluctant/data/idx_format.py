"""The IDX format: one array in one file, read strictly.

Two zero bytes, a type code, the number of dimensions, each dimension as a big-endian 32-bit number, the
values row by row, big-endian. Source: http://yann.lecun.com/exdb/mnist ("the IDX file format").
"""

import gzip
import math
import zlib
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
LARGEST = 2 * 1024**3  # bytes of values
MOST_DIMENSIONS = 8
REPLACE = "put a whole copy in its place"
_CHUNK = 1024**2
_DEFLATE = 1032  # no gzip file grows by more than this factor
_File = IO[bytes] | gzip.GzipFile
_GZIP = b"\x1f\x8b"


def read_idx(path: Path, mend: str = REPLACE) -> NDArray[Any]:
    """The array of an IDX file, compressed if its name ends in `.gz`; in the machine's own byte order.

    What the header promises is believed only as far as the file can hold it, so no file makes this take
    more memory than its content. Raises `DataError`, ending in `mend`, for whatever is wrong with the file.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            _refuse(path, "is empty", mend)
        if path.suffix != ".gz":
            with path.open("rb") as file:
                return _read(path, file, size, mend)
        _check_gzip(path, mend)
        with gzip.open(path, "rb") as unpacked:
            return _read(path, unpacked, size * _DEFLATE, mend)
    except EOFError:
        _refuse(path, "is cut short: its gzip data ends early", mend)
    except (gzip.BadGzipFile, zlib.error) as fault:
        _refuse(path, f"is damaged: {fault}", mend)
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None


def _refuse(path: Path, wrong: str, mend: str) -> NoReturn:
    raise DataError(f"{path} {wrong}; {mend}") from None


def _check_gzip(path: Path, mend: str) -> None:
    with path.open("rb") as file:
        if file.read(2) != _GZIP:
            _refuse(path, "is no gzip file although its name ends in .gz", mend)


def _read(path: Path, file: _File, most: int, mend: str) -> NDArray[Any]:
    """The array of an open file that can hold at most `most` bytes."""
    kind, shape = _header(path, file, mend)
    promised = math.prod(shape) * kind.itemsize
    if promised > LARGEST:
        _refuse(path, f"promises {promised:,} bytes of values (at most {LARGEST:,} are read)", mend)
    if promised > most:
        _refuse(
            path, f"is cut short: its header promises {promised:,} bytes of values, more than it holds", mend
        )
    values = _values(file, promised)
    if len(values) < promised:
        _refuse(path, f"is cut short: {len(values):,} of {promised:,} bytes of values are there", mend)
    if file.read(1):  # at the end this also has gzip compare its checksum
        _refuse(path, f"goes on after the {promised:,} bytes of values that its header promises", mend)
    return np.frombuffer(values, kind).reshape(shape).astype(kind.newbyteorder("="), copy=False)


def _header(path: Path, file: _File, mend: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = file.read(4)
    if magic[:2] == _GZIP:
        _refuse(path, "is a gzip file", "add .gz to its name")
    if len(magic) < 4 or magic[:2] != b"\0\0":
        _refuse(path, f"is no IDX file: it starts with the bytes {magic.hex(' ')}, not with 00 00", mend)
    if magic[2] not in TYPES:
        _refuse(path, f"has the unknown type code {magic[2]:#04x} in its IDX header", mend)
    dimensions = magic[3]
    if not 0 < dimensions <= MOST_DIMENSIONS:
        _refuse(path, f"has {dimensions} dimensions in its IDX header, not 1 to {MOST_DIMENSIONS}", mend)
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        _refuse(path, "is cut short within its IDX header", mend)
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    if 0 in shape:
        _refuse(path, f"holds nothing: its IDX header gives the shape {shape}", mend)
    return np.dtype(TYPES[magic[2]]), shape


def _values(file: _File, promised: int) -> bytearray:
    """Up to `promised` bytes; memory grows with what is really there."""
    values = bytearray()
    while len(values) < promised:
        chunk = file.read(min(_CHUNK, promised - len(values)))
        if not chunk:
            break
        values += chunk
    return values
