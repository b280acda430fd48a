"""CIFAR-10 and -100 in their binary form, written here from the description of the format."""

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data import cifar, load

RNG = np.random.default_rng(0)
FILES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]


def record(labels: list[int], pixels: NDArray[np.uint8]) -> bytes:
    """Labels, then all reds, all greens, all blues, row by row."""
    return bytes(labels) + b"".join(pixels[colour].tobytes() for colour in range(3))


def write_cifar10(folder: Path, n: int = 4) -> NDArray[Any]:
    """Write six small files; returns all pixels in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, (6 * n, 3, 32, 32), dtype=np.uint8)
    for i, file in enumerate(FILES):
        part = range(i * n, (i + 1) * n)
        (folder / file).write_bytes(b"".join(record([j % 10], pixels[j]) for j in part))
    return pixels


def pack(folder: Path, archive: Path, inside: str) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, f"{inside}/{path.name}")


def test_cifar10_is_read_as_it_was_written(tmp_path: Path) -> None:
    pixels = write_cifar10(tmp_path / "cifar10")
    data = load("cifar10", tmp_path)
    assert (data.name, data.title, data.items) == ("cifar10", "CIFAR-10", "images")
    assert data.classes[:3] == ("airplane", "automobile", "bird")
    assert data.classes[9] == "truck"
    np.testing.assert_array_equal(data.train.inputs, pixels[:20])
    np.testing.assert_array_equal(data.test.inputs, pixels[20:])
    assert data.train.targets.tolist() == [j % 10 for j in range(20)]
    assert data.warnings[0] == "data_batch_1.bin holds 4 of the 10,000 images published"
    assert len(data.warnings) == 6


def test_the_published_number_of_images_gives_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cifar10(tmp_path / "cifar10")
    monkeypatch.setattr("reluctant.data.cifar.CIFAR10", replace(cifar.CIFAR10, train_images=4, test_images=4))
    assert load("cifar10", tmp_path).warnings == ()


def test_the_parent_folder_and_the_archive_are_read_too(tmp_path: Path) -> None:
    write_cifar10(tmp_path / "a/cifar-10-batches-bin")
    expected = load(f"cifar10(root={str(tmp_path / 'a/cifar-10-batches-bin')!r})").sha256
    assert load(f"cifar10(root={str(tmp_path / 'a')!r})").sha256 == expected
    archive = tmp_path / "b/cifar-10-binary.tar.gz"
    archive.parent.mkdir()
    pack(tmp_path / "a/cifar-10-batches-bin", archive, "cifar-10-batches-bin")
    for root in (archive.parent, archive):
        data = load(f"cifar10(root={str(root)!r})")
        assert data.sha256 == expected
        md5 = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
        assert data.warnings[0].startswith(f"{archive} is not the published archive (MD5 {md5}, published c32a")
    assert sorted(path.name for path in archive.parent.iterdir()) == [archive.name]


def test_cifar100_has_fine_and_coarse_labels(tmp_path: Path) -> None:
    folder = tmp_path / "cifar100"
    folder.mkdir()
    pixels = RNG.integers(0, 256, (8, 3, 32, 32), dtype=np.uint8)
    for file, part in (("train.bin", range(6)), ("test.bin", range(6, 8))):
        (folder / file).write_bytes(b"".join(record([j, 99 - j], pixels[j]) for j in part))
    fine, coarse = load("cifar100", tmp_path), load("cifar100(labels='coarse')", tmp_path)
    assert (len(fine.classes), fine.classes[0], fine.classes[99]) == (100, "apple", "worm")
    assert (len(coarse.classes), coarse.classes[0], coarse.classes[14]) == (20, "aquatic_mammals", "people")
    assert fine.train.targets.tolist() == [99, 98, 97, 96, 95, 94]
    assert coarse.test.targets.tolist() == [6, 7]
    np.testing.assert_array_equal(fine.train.inputs, pixels[:6])
    np.testing.assert_array_equal(coarse.test.inputs, pixels[6:])


def test_missing_files_are_refused_with_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load("cifar10", tmp_path)
    message = str(caught.value)
    folder = str(tmp_path / "cifar10")
    archive = "cifar-10-binary.tar.gz (170,052,171 bytes, MD5 c32a1d4ab5d03f1284b67883e8d87530)"
    for words in ("https://www.cs.toronto.edu/~kriz/cifar.html", archive, folder, "RELUCTANT_DATA"):
        assert words in message
    write_cifar10(tmp_path / "cifar10")
    (tmp_path / "cifar10" / FILES[3]).unlink()
    with pytest.raises(DataError, match=r"has no data_batch_4\.bin; get the binary"):
        load("cifar10", tmp_path)


def test_the_python_version_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "cifar10/cifar-10-batches-py").mkdir(parents=True)
    (tmp_path / "cifar10/cifar-10-batches-py/data_batch_1").write_bytes(b"pickle")
    with pytest.raises(DataError, match="holds the Python version, not the binary one"):
        load("cifar10", tmp_path)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "has 0 bytes, no whole number of records of 3,073"),
        (bytes(3072), "has 3,072 bytes, no whole number of records"),
        (bytes(3073) + bytes([10]) + bytes(3072), "damaged: record 1 has the label 10, of 10 classes"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes, fault: str) -> None:
    write_cifar10(tmp_path / "cifar10")
    (tmp_path / "cifar10" / FILES[2]).write_bytes(content)
    with pytest.raises(DataError, match=rf"data_batch_3\.bin in .*cifar10 .*{fault}"):
        load("cifar10", tmp_path)


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    archive = tmp_path / "cifar10/cifar-10-binary.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"tar\.gz is damaged: .*get the binary version"):
        load("cifar10", tmp_path)
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("cifar-10-batches-bin/readme.html"), io.BytesIO())
    with pytest.raises(DataError, match=r"tar\.gz has no data_batch_1\.bin, .* in it"):
        load("cifar10", tmp_path)
    archive.write_bytes(archive.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"tar\.gz is damaged"):
        load("cifar10", tmp_path)


def test_a_missing_root_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no "):
        load(f"cifar10(root={str(tmp_path / 'nowhere')!r})")
