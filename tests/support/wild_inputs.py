"""Tables, pictures and datasets as users have them, and the values that reluctant reads from them."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from reluctant.data import Dataset

ROWS = 60
KINDS = ("iris", "rose")


class Items(torch.utils.data.Dataset[Any]):
    """A dataset of PyTorch with the items of a list."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]


def all_inputs(data: Dataset) -> NDArray[Any]:
    """The inputs of both parts, the training part first."""
    return np.concatenate([np.asarray(data.train.inputs), np.asarray(data.test.inputs)])


def all_targets(data: Dataset) -> NDArray[Any]:
    """The targets of both parts, the training part first."""
    return np.concatenate([np.asarray(data.train.targets), np.asarray(data.test.targets)])


def class_names(data: Dataset) -> list[str]:
    """The name of the class of every row."""
    return [data.classes[target] for target in all_targets(data)]


def messages(data: Dataset) -> str:
    """Every text about a data set."""
    return "\n".join((*data.warnings, *data.remarks))


def write_rows(path: Path, header: str, rows: list[str], encoding: str = "utf-8") -> Path:
    """A text file with a header and rows."""
    path.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
    return path


def picture(colour: int, number: int) -> Image.Image:
    """A small picture, mainly of one colour (0 to 2), that differs from those with other numbers (0 to 36)."""
    pixels = np.random.default_rng([17, colour, number]).integers(0, 20, size=(8, 8, 3), dtype=np.uint8)
    pixels[..., colour] += np.uint8(200 + number)
    return Image.fromarray(pixels)


def write_pictures(folder: Path, classes: tuple[str, ...], numbers: range) -> None:
    """A folder of pictures for every class."""
    for colour, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in numbers:
            picture(colour, number).save(folder / name / f"{number}.png")
