"""Images in folders, one folder a class."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reluctant.core.errors import DataError
from reluctant.data import Dataset, load

RNG = np.random.default_rng(0)


def paint(path: Path, mode: str = "L", size: tuple[int, int] = (6, 5)) -> NDArray[np.uint8]:
    """A picture of noise, (height, width) or (height, width, 3)."""
    width, height = size
    pixels = RNG.integers(0, 256, (height, width) if mode == "L" else (height, width, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def read(root: Path, more: str = "") -> Dataset:
    return load(f"images(root={str(root)!r}{more})")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Grey pictures with a training and a test part."""
    for part, n in (("train", 3), ("test", 2)):
        for kind in ("dog", "cat"):
            for i in range(n):
                paint(tmp_path / "pets" / part / kind / f"{i}.png")
    return tmp_path / "pets"


def test_grey_pictures_keep_their_one_channel(pets: Path) -> None:
    first = np.asarray(Image.open(pets / "train/cat/0.png"))
    data = read(pets)
    assert (data.title, data.items, data.classes) == ("pets", "images", ("cat", "dog"))
    assert data.train.inputs.shape == (6, 1, 5, 6)
    assert data.train.targets.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.test.targets.tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(data.train.inputs[0, 0], first)


def test_one_coloured_picture_makes_all_coloured(pets: Path) -> None:
    grey = read(pets)
    pixels = paint(pets / "test/dog/1.png", "RGB")
    data = read(pets)
    assert data.train.inputs.shape == (6, 3, 5, 6)
    np.testing.assert_array_equal(data.test.inputs[3], pixels.transpose(2, 0, 1))
    for channel in range(3):
        np.testing.assert_array_equal(data.train.inputs[:, channel], grey.train.inputs[:, 0])


def test_without_a_test_folder_some_are_held_out_and_hidden_files_are_ignored(tmp_path: Path) -> None:
    for kind in "ab":
        for i in range(10):
            paint(tmp_path / kind / f"{i}.PNG")
    (tmp_path / ".cache").mkdir()
    (tmp_path / "a/.hidden.png").write_text("ignored")
    (tmp_path / "a/notes.txt").write_text("no picture")
    (tmp_path / "readme").write_text("no folder")
    data = read(tmp_path)
    assert (len(data.train), np.bincount(data.test.targets).tolist()) == (16, [2, 2])
    assert data.remarks == ("4 of 20 images are held out as the test part, the same ones every time",)


def test_pictures_of_other_sizes_are_named_or_scaled(pets: Path) -> None:
    paint(pets / "test/dog/1.png", size=(8, 4))
    with pytest.raises(DataError, match=r"cat/0\.png has 6×5 pixels and .*dog/1\.png has 8×4; .* size=4 "):
        read(pets)
    data = read(pets, ", size=4")
    assert data.train.inputs.shape == (6, 1, 4, 4)
    np.testing.assert_array_equal(data.test.inputs[3, 0], np.asarray(Image.open(pets / "test/dog/1.png"))[:, 2:6])


def test_the_middle_is_scaled_evenly(tmp_path: Path) -> None:
    for kind, grey in (("a", 40), ("b", 200)):
        for i in range(5):
            pixels = np.full((4, 12), i, np.uint8)
            pixels[:, 4:8] = grey
            (tmp_path / kind).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / kind / f"{i}.png")
    assert np.unique(read(tmp_path, ", size=2").train.inputs).tolist() == [40, 200]


def test_a_picture_on_its_side_is_turned_upright(pets: Path) -> None:
    path = pets / "train/cat/0.png"
    upright = np.asarray(Image.open(path))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    Image.fromarray(np.rot90(upright)).save(path, exif=exif)
    np.testing.assert_array_equal(read(pets).train.inputs[0, 0], upright)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_damaged_picture_is_named(pets: Path, content: bytes | None) -> None:
    path = pets / "train/dog/2.png"
    path.write_bytes(path.read_bytes()[:-30] if content is None else content)
    with pytest.raises(DataError, match=r"dog/2\.png is no complete picture: .*; replace or remove it"):
        read(pets)


def test_other_faults_of_a_folder_are_refused(pets: Path, tmp_path: Path) -> None:
    (pets / "train/eel").mkdir()
    with pytest.raises(DataError, match=r"train/eel holds no picture .* is a class; add pictures to it or move"):
        read(pets)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no folders of pictures; make one folder a class"):
        read(tmp_path / "empty")
    with pytest.raises(DataError, match="is a file; give the folder"):
        read(pets / "test/dog/0.png")
    with pytest.raises(DataError, match="write which is the folder, as in images"):
        load("images")
    Image.fromarray(np.ones((5, 6), np.uint16)).save(pets / "train/eel/0.png")
    with pytest.raises(DataError, match="more than 8 bits a colour"):
        read(pets)


def test_more_pixels_than_memory_should_hold_are_refused(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reluctant.data.image_folder.LARGEST", 299)
    with pytest.raises(DataError, match=r"10 pictures of this size take 300 bytes \(at most 299\); write size"):
        read(pets)


@pytest.mark.parametrize("names", [("Train", "Test"), ("training", "TESTING"), ("TRAIN", "val"), ("train", "valid")])
def test_folders_of_parts_have_the_usual_names_in_any_case(pets: Path, names: tuple[str, str]) -> None:
    usual = read(pets)
    for part, name in zip(("train", "test"), names, strict=True):
        (pets / part).rename(pets / f"{part}_")
        (pets / f"{part}_").rename(pets / name)
    data = read(pets)
    assert data.sha256 == usual.sha256
    assert data.remarks == ((f"the folder {names[1]} is the test part",) if names[1].startswith("val") else ())


def test_a_validation_folder_joins_the_training_data(pets: Path) -> None:
    added = paint(pets / "val/dog/7.png")
    paint(pets / "val/cat/7.png")
    data = read(pets)
    assert (len(data.train), len(data.test)) == (8, 4)
    np.testing.assert_array_equal(data.train.inputs[-1, 0], added)
    assert data.remarks == ("the pictures in val join those in train; the validation split is cut from both",)
    paint(pets / "Valid/dog/7.png")
    with pytest.raises(DataError, match=r"/Valid and .*/val are both the validation part; rename one"):
        read(pets)


def test_pictures_in_folders_of_a_class_are_read_and_others_are_named(pets: Path) -> None:
    nested = paint(pets / "train/dog/more/deep/0.png")
    data = read(pets)
    assert len(data.train) == 7
    assert any((nested == image[0]).all() for image in data.train.inputs)
    paint(pets / "train/loose.png")
    (pets / "train/dog/phone.heic").write_bytes(b"")
    assert "2 pictures, the first " in read(pets).remarks[0]
    assert "left out: only files in the folder of a class are read" in read(pets).remarks[0]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_pixels_show_white(pets: Path, mode: str) -> None:
    """A drawing in black on a transparent ground, stored as black everywhere."""
    pixels = np.zeros((5, 6, 4), np.uint8)
    pixels[1:3, 2:4, 3] = 255
    drawing = Image.fromarray(pixels)
    (drawing if mode == "RGBA" else drawing.convert(mode)).save(pets / "test/cat/0.png")
    data = read(pets)
    expected = np.full((5, 6), 255)
    expected[1:3, 2:4] = 0
    np.testing.assert_array_equal(data.test.inputs[0, 0], expected)
    assert data.remarks == ("1 of 10 pictures with transparent pixels are put on white",)
