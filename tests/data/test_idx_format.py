"""The IDX format: every array read back, every damage refused, never too much memory."""

import gzip
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data.idx_format import read_idx
from tests.support.data_files import CODES, idx_bytes, unhurried, write

WHOLE = idx_bytes(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
PACKED = gzip.compress(WHOLE, mtime=0)
ANY_ARRAY = st.sampled_from(sorted(CODES)).flatmap(
    lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=1, max_dims=5, max_side=6))
)


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("idx")


@unhurried
@given(array=ANY_ARRAY, suffix=st.sampled_from(["", ".gz"]))
def test_every_array_comes_back_as_it_was_written(scratch: Path, array: NDArray[Any], suffix: str) -> None:
    read = read_idx(write(scratch / f"roundtrip{suffix}", idx_bytes(array)))
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, array)


def test_bytes_written_by_hand_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "hand", bytes([0, 0, 0x0B, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x02, 0xFF, 0xFE]))
    read = read_idx(path)
    assert read.dtype == np.int16
    assert read.tolist() == [[258, -2]]


def test_an_array_that_was_read_is_writable(tmp_path: Path) -> None:
    read = read_idx(write(tmp_path / "a.gz", WHOLE))
    read[0, 0, 0] = 9  # torch warns of arrays that cannot
    assert read.flags.c_contiguous


def header(code: int, *shape: int) -> bytes:
    return struct.pack(">BBBB", 0, 0, code, len(shape)) + struct.pack(f">{len(shape)}I", *shape)


def flipped(packed: bytes, position: int) -> bytes:
    content = bytearray(packed)
    content[position] ^= 0xFF
    return bytes(content)


FAULTS: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a", b"", "is empty"),
    "empty gz": ("a.gz", b"", "is empty"),
    "nothing packed": ("a.gz", gzip.compress(b""), "is no IDX file"),
    "a web page": ("a", b"<html>", "is no IDX file: it starts with the bytes 3c 68 74 6d"),
    "three bytes": ("a", b"\0\0\x08", "is no IDX file"),
    "type code": ("a", b"\0\0\x0a\1\0\0\0\1\0", "unknown type code 0x0a"),
    "no dimensions": ("a", b"\0\0\x08\0\0", "has 0 dimensions"),
    "too many dimensions": ("a", b"\0\0\x08\x09" + b"\0\0\0\1" * 9 + b"\0", "has 9 dimensions"),
    "half a header": ("a", WHOLE[:11], "is cut short within its IDX header"),
    "no items": ("a", header(8, 0, 28, 28), "holds nothing"),
    "no items, others huge": ("a", header(8, 0, 2**32 - 1, 2**32 - 1, 2**32 - 1), "holds nothing"),
    "cut short": ("a", WHOLE[:-1], "is cut short: 23 of 24 bytes"),
    "cut short, packed": ("a.gz", gzip.compress(WHOLE[:-1]), "is cut short: 23 of 24 bytes"),
    "trailing": ("a", WHOLE + b"\0", "goes on after the 24 bytes"),
    "trailing, packed": ("a.gz", gzip.compress(WHOLE + b"\0"), "goes on after the 24 bytes"),
    "trailing after the gzip data": ("a.gz", PACKED + b"more", "is damaged"),
    "gzip cut short": ("a.gz", PACKED[:-9], "is cut short: its gzip data ends early"),
    "gzip header cut short": ("a.gz", PACKED[:5], "is cut short: its gzip data ends early"),
    "gzip checksum": ("a.gz", flipped(PACKED, -5), "is damaged: CRC check failed"),
    "gzip length": ("a.gz", flipped(PACKED, -1), "is damaged: Incorrect length"),
    "gzip body": ("a.gz", flipped(PACKED, 10), "is damaged"),
    "not packed": ("a.gz", WHOLE, r"is no gzip file although its name ends in \.gz"),
    "packed": ("a", PACKED, r"is a gzip file; add \.gz to its name"),
    "a promise over the limit": ("a.gz", gzip.compress(header(8, 2**31, 2)), "promises 4,294,967,296 bytes"),
    "a promise beyond all numbers": ("a", header(14, *[2**32 - 1] * 8), "at most 2,147,483,648 are read"),
    "a promise no gzip can keep": ("a.gz", gzip.compress(header(8, 2**30)), "more than it holds"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_damage_is_named_with_the_file_and_the_advice(tmp_path: Path, fault: str) -> None:
    name, content, message = FAULTS[fault]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path, "FETCH IT AGAIN")
    assert str(path) in str(caught.value)
    assert "FETCH IT AGAIN" in str(caught.value) or "add .gz" in str(caught.value)


def test_damages_are_found_without_assert_statements(tmp_path: Path) -> None:
    for number, (name, content, _) in enumerate(FAULTS.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_bytes(content)
    script = (
        "import sys, pathlib\n"
        "from reluctant.data.idx_format import read_idx\n"
        "from reluctant import DataError\n"
        "for path in pathlib.Path(sys.argv[1]).glob('*/*'):\n"
        "    try: read_idx(path)\n"
        "    except DataError: print('refused')\n"
        "print(__debug__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused"] * len(FAULTS) + ["False"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("promise.gz", lambda: gzip.compress(header(8, 2**30) + bytes(2**21))),
        ("promise", lambda: header(8, 2**30) + b"\0"),
        ("bomb.gz", lambda: gzip.compress(header(8, 10) + bytes(2**27))),
    ],
)
def test_no_file_takes_more_memory_than_it_should(tmp_path: Path, name: str, content: Callable[[], bytes]) -> None:
    (tmp_path / name).write_bytes(content())
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            read_idx(tmp_path / name)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**24


@pytest.mark.parametrize("path", ["missing", "missing.gz", ".", "a/b"])
def test_a_file_that_cannot_be_opened_is_reported(tmp_path: Path, path: str) -> None:
    (tmp_path / "a").write_bytes(b"a file where a folder should be")
    with pytest.raises(DataError, match="cannot be read: "):
        read_idx(tmp_path / path)


def only_study_errors(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        outcome = f"{path} gives {read_idx(path).size} values"
    except DataError as fault:
        outcome = str(fault)
    assert str(path) in outcome
    assert not outcome.endswith(" 0 values")


@unhurried
@given(content=st.binary(max_size=200), suffix=st.sampled_from(["", ".gz"]))
def test_random_bytes_raise_nothing_but_study_errors(scratch: Path, content: bytes, suffix: str) -> None:
    only_study_errors(scratch / f"random{suffix}", content)


@unhurried
@given(content=st.binary(max_size=60))
def test_random_bytes_after_a_gzip_header_too(scratch: Path, content: bytes) -> None:
    only_study_errors(scratch / "random.gz", PACKED[:4] + content)


@unhurried
@given(
    whole=st.sampled_from([WHOLE, PACKED]),
    position=st.integers(0, len(PACKED) - 1),
    value=st.integers(0, 255),
    length=st.integers(0, 100),
    appended=st.binary(max_size=5),
)
def test_mutations_raise_nothing_but_study_errors(
    scratch: Path, whole: bytes, position: int, value: int, length: int, appended: bytes
) -> None:
    content = bytearray(whole)
    content[position % len(content)] = value
    only_study_errors(scratch / ("mutant.gz" if whole == PACKED else "mutant"), bytes(content[:length]) + appended)


@unhurried
@given(position=st.integers(16, len(WHOLE) - 1))
def test_no_single_byte_of_a_compressed_file_changes_unnoticed(scratch: Path, position: int) -> None:
    path = scratch / "noticed.gz"
    path.write_bytes(gzip.compress(flipped(WHOLE, position))[:-8] + PACKED[-8:])  # other content, the old checksum
    with pytest.raises(DataError, match="damaged"):
        read_idx(path)
