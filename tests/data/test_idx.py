"""Data sets in four IDX files, published and user-defined."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.errors import DataError
from reluctant.data import load
from tests.support.data_files import PARTS, arrays, idx_bytes, write, write_four

needs_mnist = pytest.mark.skipif("RELUCTANT_DATA" not in os.environ, reason="needs MNIST: set RELUCTANT_DATA")
EMPTY = "the classes 3, 4, 5, 6, 7, … have no image in either part"  # of the files made here
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.mnist
@needs_mnist
def test_mnist_has_its_published_content() -> None:
    mnist = load("MNIST")
    assert (mnist.name, mnist.title, mnist.note) == ("mnist", "MNIST", "")
    assert mnist.classes == tuple("0123456789")
    assert mnist.train.inputs.shape == (60000, 1, 28, 28)
    assert mnist.test.inputs.shape == (10000, 1, 28, 28)
    assert mnist.train.inputs.dtype == np.uint8
    assert mnist.train.targets.dtype == np.int64
    assert np.bincount(mnist.train.targets).tolist() == TRAIN_COUNTS
    assert np.bincount(mnist.test.targets).tolist() == TEST_COUNTS
    assert float(mnist.train.inputs.mean()) == pytest.approx(33.318, abs=5e-4)
    assert mnist.train.targets[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.warnings == ()
    assert mnist.sha256 == "3e6b040c9a5faf94a30024e9af4e30d7b7d459d1e25b0990829aad243d43aa69"


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_user_files_are_read_compressed_or_not(tmp_path: Path, suffix: str) -> None:
    content = arrays()
    data = load(f"idx(root={str(write_four(tmp_path / 'mine', content, suffix))!r})")
    assert data.name == f"idx(root={str(tmp_path / 'mine')!r})"
    assert (data.title, data.note, data.classes, data.warnings) == ("mine", "", ("0", "1", "2"), ())
    np.testing.assert_array_equal(data.train.inputs[:, 0], content[0])
    np.testing.assert_array_equal(data.train.targets, content[1])
    np.testing.assert_array_equal(data.test.inputs[:, 0], content[2])
    np.testing.assert_array_equal(data.test.targets, content[3])
    assert data.test.targets.dtype == np.int64


def test_the_checksum_is_of_the_content_and_not_of_the_files(tmp_path: Path) -> None:
    packed = load(f"idx(root={str(write_four(tmp_path / 'a', arrays()))!r})")
    plain = load(f"idx(root={str(write_four(tmp_path / 'b', arrays(), ''))!r})")
    other = arrays()
    other[3][0] = 1
    changed = load(f"idx(root={str(write_four(tmp_path / 'c', other))!r})")
    assert packed.sha256 == plain.sha256
    assert changed.sha256 != packed.sha256
    assert len(packed.sha256) == 64


def test_root_is_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_four(tmp_path / "mine", arrays())
    monkeypatch.chdir(tmp_path)
    data = load("idx(root='mine')")
    assert data.name == "idx(root='mine')"
    assert len(data.train) == 12


def test_four_dimensions_are_channels_first(tmp_path: Path) -> None:
    content = arrays()
    content[0] = np.repeat(content[0][:, None], 3, axis=1)
    content[2] = np.repeat(content[2][:, None], 3, axis=1)
    data = load(f"idx(root={str(write_four(tmp_path, content))!r})")
    assert data.train.inputs.shape == (12, 3, 5, 5)


@pytest.mark.parametrize("root", ["", "nowhere", "a\\0b", "~nobody-of-this-name/x", "x" * 500])
def test_a_root_without_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"write which folder|has no train-images|is not possible|cannot be read"):
        load(f"idx(root='{root}')")


def test_only_the_missing_file_is_named(tmp_path: Path) -> None:
    write_four(tmp_path, arrays())
    (tmp_path / (PARTS[2] + ".gz")).unlink()
    with pytest.raises(DataError, match=f"{tmp_path} has no t10k-images") as caught:
        load(f"idx(root={str(tmp_path)!r})")
    assert "train" not in str(caught.value).replace(str(tmp_path), "")


def broken(part: int, array: NDArray[Any]) -> list[NDArray[Any]]:
    content = arrays()
    content[part] = array
    return content


LABELS = arrays()[1]
IMAGES = arrays()[0]
FAULTS = {
    "labels for images": (broken(0, LABELS), "train-images.* holds labels instead of images"),
    "images for labels": (broken(3, IMAGES), "t10k-labels.* holds images instead of labels"),
    "signed pixels": (broken(0, IMAGES.astype(np.int16)), "holds int16 .* images are unsigned bytes"),
    "a table of pixels": (broken(0, IMAGES.reshape(12, 25)), "images are unsigned bytes of shape"),
    "labels with fractions": (broken(1, LABELS.astype(np.float32)), "labels are whole numbers"),
    "labels in a table": (broken(1, LABELS.reshape(6, 2)), "labels are whole numbers"),
    "negative labels": (broken(1, LABELS.astype(np.int8) - 1), "train labels go from -1 to 1"),
    "thousands of classes": (broken(1, LABELS.astype(np.int16) * 500), "from 0 to 1000; .*at most 999"),
    "one class": (broken(1, LABELS * 0), "all training images are of the class '0'"),
    "labels missing": (broken(1, LABELS[:-1]), "train has 12 images and 11 labels"),
    "another size": (broken(2, arrays(side=4)[2]), r"\(1, 5, 5\) in train and \(1, 4, 4\) in test"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_useless_files_are_refused(tmp_path: Path, fault: str) -> None:
    content, message = FAULTS[fault]
    with pytest.raises(DataError, match=message) as caught:
        load(f"idx(root={str(write_four(tmp_path, content))!r})")
    assert str(tmp_path) in str(caught.value)


def test_missing_published_files_are_refused_with_every_remedy(tmp_path: Path) -> None:
    write(tmp_path / "fashion_mnist" / (PARTS[1] + ".gz"), idx_bytes(LABELS))
    with pytest.raises(DataError) as caught:
        load("fashion", tmp_path)
    message = str(caught.value)
    assert "3 of 4 files are missing" in message
    assert "`reluctant fetch fashion_mnist`" in message
    assert "RELUCTANT_DATA" in message
    assert str(tmp_path / "fashion_mnist") in message
    files = DATASETS["fashion"].files
    missing = [name for name in files if not name.startswith(PARTS[1])]
    assert all(name in message and files[name][1] in message for name in missing)
    assert PARTS[1] not in message


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_unpublished_files_are_used_with_a_warning(tmp_path: Path, suffix: str) -> None:
    write_four(tmp_path / "mnist", arrays(), suffix)
    mnist = load("mnist", tmp_path)
    assert mnist.classes == tuple("0123456789")
    assert len(mnist.warnings) == 4 + 1
    assert mnist.warnings[-1].startswith(EMPTY)
    if suffix:
        path = tmp_path / "mnist" / (PARTS[0] + suffix)
        warning = f"{path} is not the published file (SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
        assert mnist.warnings[0].startswith(warning)
    else:
        assert all("is unpacked" in each for each in mnist.warnings[:-1])


def test_published_files_give_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_four(tmp_path / "mnist", arrays())
    checksums = {
        path.name: (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in (tmp_path / "mnist").iterdir()
    }
    row = replace(DATASETS["mnist"], files=checksums)
    monkeypatch.setattr("reluctant.data.idx.DATASETS", replace(DATASETS, rows=(row,)))
    (only,) = load("mnist", tmp_path).warnings
    assert only.startswith(EMPTY)


def test_the_compressed_file_is_preferred(tmp_path: Path) -> None:
    write_four(tmp_path / "mnist", arrays())
    write_four(tmp_path / "mnist", arrays(train=6), "")
    assert len(load("mnist", tmp_path).train) == 12


def test_published_labels_stay_within_the_published_classes(tmp_path: Path) -> None:
    write_four(tmp_path / "mnist", broken(3, LABELS[:4] + 9))
    with pytest.raises(DataError, match=r"mnist: a label is 11, but the 10 classes .* \(the files are in "):
        load("mnist", tmp_path)


def test_a_damaged_published_file_is_refused_with_the_fetch_command(tmp_path: Path) -> None:
    folder = write_four(tmp_path / "mnist", arrays())
    path = folder / (PARTS[0] + ".gz")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=f"{path} is cut short.*delete it and run `reluctant fetch mnist`"):
        load("mnist", tmp_path)


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_four(tmp_path / "mnist", arrays())
    monkeypatch.setenv("RELUCTANT_DATA", str(tmp_path))
    assert len(load("mnist").train) == 12


def test_first_uses_only_so_many_training_images(tmp_path: Path) -> None:
    write_four(tmp_path / "mnist", arrays())
    whole, some = load("mnist", tmp_path), load("mnist(first=7)", tmp_path)
    assert (len(some.train), len(some.test)) == (7, len(whole.test))
    assert (some.train.inputs == whole.train.inputs[:7]).all()
    assert (some.train.targets == whole.train.targets[:7]).all()
    assert some.sha256 != whole.sha256
    assert load("mnist(first=0)", tmp_path).sha256 == whole.sha256
    with pytest.raises(DataError, match=r"only 12 training images; write first=12"):
        load("mnist(first=13)", tmp_path)
