"""Data sets in one NPZ file."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reluctant.core.errors import DataError
from reluctant.data import Dataset, load

RNG = np.random.default_rng(0)
X, Y = RNG.integers(0, 256, (18, 6, 6), dtype=np.uint8), np.arange(18) % 3
CIFAR = Path(os.environ.get("RELUCTANT_DATA", "nowhere")) / "cifar10-part.npz"


def read(folder: Path, more: str = "", **arrays: Any) -> Dataset:
    np.savez(folder / "mine.npz", **arrays)
    return load(f"npz(path={str(folder / 'mine.npz')!r}{more})")


@pytest.mark.mnist
@pytest.mark.skipif("RELUCTANT_DATA" not in os.environ, reason="needs real data: set RELUCTANT_DATA")
def test_real_images_of_cifar_load_with_their_channels_first() -> None:
    names = "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck"
    data = load(f"npz(path={str(CIFAR)!r}, classes='{names}')")
    assert data.train.inputs.shape == (10000, 3, 32, 32)
    assert data.test.inputs.shape == (1000, 3, 32, 32)
    assert data.classes[6] == "frog"
    assert data.train.targets[:5].tolist() == [6, 9, 9, 4, 1]
    with np.load(CIFAR) as file:
        np.testing.assert_array_equal(data.train.inputs[7, :, 3, 5], file["x_train"][7, 3, 5])
    counts = np.bincount(data.train.targets)
    assert (counts.min(), counts.max()) == (937, 1032)
    assert "x_train has its channels last; they were brought before height and width" in data.remarks


@pytest.mark.parametrize(
    "keys",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("data_train", "target_train", "data_test", "target_test"),
    ],
)
def test_arrays_may_have_any_of_the_usual_names(tmp_path: Path, keys: tuple[str, ...]) -> None:
    arrays: dict[str, Any] = dict(zip(keys, (X[:12], Y[:12], X[12:], Y[12:]), strict=True))
    data = read(tmp_path, **arrays)
    assert (data.title, data.remarks, data.warnings) == ("mine.npz", (), ())
    np.testing.assert_array_equal(data.train.inputs[:, 0], X[:12])
    np.testing.assert_array_equal(data.test.targets, Y[12:])


def test_without_a_test_part_some_are_held_out_from_every_class(tmp_path: Path) -> None:
    data = read(tmp_path, ", test_fraction=0.34", x=X, y=Y[:, None])
    assert np.bincount(data.test.targets).tolist() == [2, 2, 2]
    assert data.remarks == ("6 of 18 images are held out as the test part, the same ones every time",)
    together = np.concatenate([data.train.inputs, data.test.inputs])[:, 0]
    assert sorted(map(bytes, together)) == sorted(map(bytes, X))
    assert read(tmp_path, ", test_fraction=0.34", x=X, y=Y).sha256 == data.sha256


def test_classes_come_from_the_file_or_the_name(tmp_path: Path) -> None:
    parts: dict[str, Any] = {"x_train": X[:12], "y_train": Y[:12], "x_test": X[12:], "y_test": Y[12:]}
    assert read(tmp_path, classes=np.array(["a", "b", "c"]), **parts).classes == ("a", "b", "c")
    assert read(tmp_path, ", classes='ant, bee,cow'", **parts).classes == ("ant", "bee", "cow")


def test_unused_arrays_give_a_remark(tmp_path: Path) -> None:
    data = read(tmp_path, x_train=X[:12], y_train=Y[:12], x_val=X, y_val=Y)
    assert data.remarks[0] == "not used of the file: x_val, y_val"
    assert (len(data.train), len(data.test)) == (10, 2)


def test_classes_that_do_not_count_from_0_keep_their_numbers(tmp_path: Path) -> None:
    data = read(tmp_path, x=X, y=Y + 1)
    assert (data.classes, data.sha256) == (("1", "2", "3"), read(tmp_path, x=X, y=Y).sha256)
    assert "do not count from 0" in data.remarks[0]
    assert read(tmp_path, ", classes='a,b,c,d'", x=X, y=Y + 1).classes == ("a", "b", "c", "d")
    parts = read(tmp_path, x_train=X[:12], y_train=Y[:12] / 1 + 1, x_test=X[12:], y_test=Y[12:] / 1 + 1)
    assert (parts.classes, parts.test.targets.tolist()) == (("1", "2", "3"), [0, 1, 2] * 2)
    assert "are taken for classes" in parts.remarks[0]


def test_kind_numbers_predicts_numbers(tmp_path: Path) -> None:
    assert read(tmp_path, ", kind='numbers'", x=X, y=Y).task == "regression"


def test_a_path_is_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "mine.npz", x=X, y=Y)
    monkeypatch.chdir(tmp_path)
    assert load("npz(path='mine.npz')").name == "npz(path='mine.npz')"


def test_faults_of_the_arrays_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mine\.npz holds a, b; expected x_train, y_train"):
        read(tmp_path, a=X, b=Y)
    with pytest.raises(DataError, match="holds Python objects; save arrays"):
        read(tmp_path, x=X, y=np.array([None] * 18))
    with pytest.raises(DataError, match="18 images and 17 labels"):
        read(tmp_path, x=X, y=Y[:17])
    with pytest.raises(DataError, match=r"test_fraction = 0\.01 of 18 images leaves nothing"):
        read(tmp_path, ", test_fraction=0.01", x=X, y=Y)


def npz_bytes() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=X, y=Y)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"no zip", npz_bytes()[:-60]])
def test_a_file_that_is_no_npz_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.npz is no complete NPZ file"):
        load(f"npz(path={str(tmp_path / 'mine.npz')!r})")


def test_a_file_that_unpacks_to_far_more_is_refused_before_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reluctant.core.memory._FLOOR", 1000)
    zeros = np.zeros((2, 10**6), np.uint8)
    np.savez_compressed(tmp_path / "bomb.npz", x=zeros, y=[0, 1])
    monkeypatch.setattr("numpy.load", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match=r"unpacks to 2,000,\d+ bytes, which no data of its size do"):
        load(f"npz(path={str(tmp_path / 'bomb.npz')!r})")


def test_a_damaged_or_foreign_member_is_refused(tmp_path: Path) -> None:
    content = bytearray(npz_bytes())
    content[120] ^= 0xFF
    (tmp_path / "mine.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.npz is (damaged|no complete)"):
        load(f"npz(path={str(tmp_path / 'mine.npz')!r})")
    with zipfile.ZipFile(tmp_path / "mine.npz", "w") as file:
        file.writestr("x.npy", b"text")
    with pytest.raises(DataError, match=r"mine\.npz is damaged: x is no array"):
        load(f"npz(path={str(tmp_path / 'mine.npz')!r})")


@pytest.mark.parametrize("path", ["", "nowhere.npz", "a\\0b", "~nobody-of-this-name/x"])
def test_a_path_without_a_file_is_refused(path: str) -> None:
    with pytest.raises(DataError, match=r"write which is the file|there is no|this path is not possible"):
        load(f"npz(path='{path}')")
