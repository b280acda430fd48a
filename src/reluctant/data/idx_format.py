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
from reluctant.core.memory import most_unpacked

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
LARGEST = 2 * 1024**3  # bytes of values
MOST_DIMENSIONS = 8
REPLACE = "replace it by a complete copy"
_CHUNK = 1024**2
_GZIP = b"\x1f\x8b"


def read_idx(path: Path, advice: str = REPLACE) -> NDArray[Any]:
    """The array of an IDX file, compressed if its name ends in `.gz`; in the machine's own byte order.

    What the header promises is believed only as far as the file can hold it, so no file makes this take more memory
    than its content. Raises `DataError`, ending in `advice`, for whatever is wrong with the file.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            _refuse(path, "is empty", advice)
        if path.suffix != ".gz":
            with path.open("rb") as file:
                return _read_array(path, file, size, advice)
        with path.open("rb") as file:
            if file.read(2) != _GZIP:
                _refuse(path, "is no gzip file although its name ends in .gz", advice)
        with gzip.open(path, "rb") as unpacked:
            return _read_array(path, unpacked, most_unpacked(size), advice)
    except EOFError:
        _refuse(path, "is cut short: its gzip data ends early", advice)
    except (gzip.BadGzipFile, zlib.error) as fault:
        _refuse(path, f"is damaged: {fault}", advice)
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None


def _refuse(path: Path, fault: str, advice: str) -> NoReturn:
    raise DataError(f"{path} {fault}; {advice}") from None


def _read_array(path: Path, file: IO[bytes] | gzip.GzipFile, most: int, advice: str) -> NDArray[Any]:
    """The array of an open file that can hold at most `most` bytes."""
    kind, shape = _read_header(path, file, advice)
    promised = math.prod(shape) * kind.itemsize
    if promised > LARGEST:
        _refuse(path, f"promises {promised:,} bytes of values (at most {LARGEST:,} are read)", advice)
    if promised > most:
        _refuse(path, f"is cut short: its header promises {promised:,} bytes of values, more than it holds", advice)
    values = bytearray()  # grows with what is really there
    while len(values) < promised and (chunk := file.read(min(_CHUNK, promised - len(values)))):
        values += chunk
    if len(values) < promised:
        _refuse(path, f"is cut short: {len(values):,} of {promised:,} bytes of values are there", advice)
    if file.read(1):  # at the end this also has gzip compare its checksum
        _refuse(path, f"goes on after the {promised:,} bytes of values that its header promises", advice)
    return np.frombuffer(values, kind).reshape(shape).astype(kind.newbyteorder("="), copy=False)


def _read_header(path: Path, file: IO[bytes] | gzip.GzipFile, advice: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The type and the shape of the array."""
    magic = file.read(4)
    if magic[:2] == _GZIP:
        _refuse(path, "is a gzip file", "add .gz to its name")
    if len(magic) < 4 or magic[:2] != b"\0\0":
        _refuse(path, f"is no IDX file: it starts with the bytes {magic.hex(' ')}, not with 00 00", advice)
    if magic[2] not in TYPES:
        _refuse(path, f"has the unknown type code {magic[2]:#04x} in its IDX header", advice)
    dimensions = magic[3]
    if not 0 < dimensions <= MOST_DIMENSIONS:
        _refuse(path, f"has {dimensions} dimensions in its IDX header, not 1 to {MOST_DIMENSIONS}", advice)
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        _refuse(path, "is cut short within its IDX header", advice)
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    if 0 in shape:
        _refuse(path, f"holds nothing: its IDX header gives the shape {shape}", advice)
    return np.dtype(TYPES[magic[2]]), shape
