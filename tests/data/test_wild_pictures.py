"""Folders of pictures that users have: each gives its true values or one clear message."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from reluctant.core.errors import ReluctantError
from reluctant.data import load
from tests.support.wild_inputs import all_inputs, class_names, messages, picture, write_pictures

PETS = ("cat", "dog")


def test_what_a_mac_leaves_is_refused_and_what_jupyter_leaves_is_skipped(tmp_path: Path) -> None:
    """A zip of a Mac holds __MACOSX and ._ files, Jupyter leaves .ipynb_checkpoints, Windows Thumbs.db."""
    apple = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(60)
    write_pictures(tmp_path, PETS, range(20))
    for colour, name in enumerate(PETS):
        (tmp_path / "__MACOSX" / name).mkdir(parents=True)
        (tmp_path / name / ".ipynb_checkpoints").mkdir()
        for number in range(20):
            (tmp_path / "__MACOSX" / name / f"._{number}.png").write_bytes(apple)
        picture(colour, 25).save(tmp_path / name / ".ipynb_checkpoints" / "0-checkpoint.png")
        (tmp_path / name / "._0.png").write_bytes(apple)
        (tmp_path / name / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(100))
        (tmp_path / name / ".DS_Store").write_bytes(b"\x00\x00\x00\x01Bud1" + bytes(100))
    with pytest.raises(ReluctantError, match=r"__MACOSX holds no picture .* move it elsewhere"):
        load(f"images(root='{tmp_path}')")
    shutil.rmtree(tmp_path / "__MACOSX")
    data = load(f"images(root='{tmp_path}')")
    assert data.classes == PETS
    assert len(all_inputs(data)) == 40


def test_pictures_in_the_colours_of_print_are_read_as_rgb(tmp_path: Path) -> None:
    """One JPEG of each class is CMYK, as photographers deliver them: red stays red, in three channels."""
    colours = ("red", "green", "blue")
    for colour, name in enumerate(colours):
        (tmp_path / name).mkdir()
        for number in range(15):
            image: Image.Image = picture(colour, number)
            image = image.convert("CMYK") if number == 7 else image
            image.save(tmp_path / name / f"{number}.jpg", quality=95, subsampling=0)
    data = load(f"images(root='{tmp_path}')")
    assert all_inputs(data).shape == (45, 3, 8, 8)
    brightest = all_inputs(data).astype(float).mean(axis=(2, 3)).argmax(axis=1)
    assert class_names(data) == [colours[channel] for channel in brightest]


def test_class_folders_that_differ_in_case_only_are_named(tmp_path: Path) -> None:
    """train/Cat and test/cat are two classes, and a warning says so."""
    write_pictures(tmp_path / "train", ("Cat", "Dog"), range(20))
    write_pictures(tmp_path / "test", PETS, range(20, 25))
    data = load(f"images(root='{tmp_path}')")
    assert data.classes == ("Cat", "Dog", "cat", "dog")
    assert "the classes 'Cat' and 'cat' differ only in upper and lower case" in messages(data)
    assert "the classes 'Dog' and 'dog' differ only in upper and lower case" in messages(data)
