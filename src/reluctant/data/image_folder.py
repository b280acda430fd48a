"""Pictures in folders: one folder a class, with or without a training and a test folder above."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.errors import DataError
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import own_path
from reluctant.data.whole import held_out

if TYPE_CHECKING:
    from PIL.Image import Image

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
LARGEST = 2 * 1024**3  # bytes of pixels
_Pairs = tuple[list[Path], list[str]]


def load(name: Name, folder: Path) -> Dataset:
    """The pictures in `root`/train/CLASS and `root`/test/CLASS, or in `root`/CLASS and some held out.

    (n, 1, height, width) uint8 where all are grey, else (n, 3, height, width); classes and files in the order
    of their names, hidden ones left out. With `size`, the middle square is scaled to so many pixels. Raises
    `DataError` for pictures that are broken or differ in size. `folder` is not used.
    """
    given, named = DATASETS.arguments(name), str(name)
    root = own_path(named, given["root"], "images(root='my_pictures')", "the folder")
    if not root.is_dir():
        raise DataError(f"{named}: {root} is a file; give the folder that holds one folder a class")
    parts = {part: root / part for part in ("train", "test") if (root / part).is_dir()}
    if "train" not in parts:
        parts = {"": root}
    found = {part: _found(named, place) for part, place in parts.items()}
    pictures = _read(named, [path for paths, _ in found.values() for path in paths], given["size"])
    labels = [label for _, labels in found.values() for label in labels]
    classes = tuple(sorted(set(labels)))
    codes = np.array([classes.index(label) for label in labels], np.int64)
    known: dict[str, Any] = {"title": root.name, "classes": classes}
    if len(found) == 1:
        return held_out(named, pictures, codes, given["test_fraction"], **known)
    n = len(found["train"][0])
    return checked(named, (pictures[:n], codes[:n]), (pictures[n:], codes[n:]), **known)


def _found(name: str, place: Path) -> _Pairs:
    """Every picture below a folder of classes, with its class."""
    paths: list[Path] = []
    labels: list[str] = []
    for kind in _seen(place):
        if kind.is_dir():
            there = [path for path in _seen(kind) if path.suffix.lower() in ENDINGS and path.is_file()]
            if not there:
                raise DataError(f"{name}: {kind} holds no picture ({', '.join(ENDINGS)}); remove that folder")
            paths += there
            labels += [kind.name] * len(there)
    if not paths:
        raise DataError(f"{name}: {place} holds no folders of pictures; make one folder a class in it")
    return paths, labels


def _seen(place: Path) -> list[Path]:
    try:
        return sorted(path for path in place.iterdir() if not path.name.startswith("."))
    except OSError as fault:
        raise DataError(f"{place} cannot be looked at: {fault.strerror}; mend its permissions") from None


def _read(name: str, paths: Sequence[Path], size: int) -> NDArray[np.uint8]:
    """The pictures, (n, channels, height, width)."""
    pictures: list[NDArray[np.uint8]] = []
    for path, picture in zip(paths, _opened(paths, size), strict=True):
        if pictures and picture.shape[:2] != pictures[0].shape[:2]:
            (high, wide), (other_high, other_wide) = pictures[0].shape[:2], picture.shape[:2]
            raise DataError(
                f"{name}: {paths[0]} has {wide}×{high} pixels and {path} has {other_wide}×{other_high}; make "
                f"them alike, or write size={min(high, wide, other_high, other_wide)} to have the middle of "
                f"each scaled"
            )
        pictures.append(picture)
        if (need := picture.nbytes * len(paths)) > LARGEST:
            raise DataError(
                f"{name}: {len(paths):,} pictures of this size take {need:,} bytes (at most {LARGEST:,}); "
                f"write size=… to have them scaled down"
            )
    if any(picture.ndim == 3 for picture in pictures):
        coloured = [p if p.ndim == 3 else np.repeat(p[..., np.newaxis], 3, axis=2) for p in pictures]
        return np.ascontiguousarray(np.stack(coloured).transpose(0, 3, 1, 2))
    return np.stack(pictures)[:, np.newaxis]


def _opened(paths: Sequence[Path], size: int) -> Iterator[NDArray[np.uint8]]:
    """Each picture upright, (height, width) where it is grey, else (height, width, 3)."""
    from PIL import Image, ImageOps

    for path in paths:
        try:
            with warnings.catch_warnings(), Image.open(path) as file:
                warnings.simplefilter("ignore")  # of odd but readable files
                file.load()
                if file.mode[0] in "IF":
                    raise DataError(f"{path} has more than 8 bits a colour; save it with 8")
                upright = ImageOps.exif_transpose(file)
                picture = upright.convert("L" if upright.mode in ("1", "L", "LA") else "RGB")
        except DataError:
            raise
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as fault:
            raise DataError(f"{path} is no whole picture: {fault}; replace or remove it") from None
        yield np.asarray(_middle(picture, size) if size else picture)


def _middle(picture: "Image", size: int) -> "Image":
    """The square in the middle, scaled to so many pixels a side."""
    wide, high = picture.size
    side = min(wide, high)
    left, top = (wide - side) // 2, (high - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return square.resize((size, size), 2)  # bilinear, over all pixels that one new pixel covers
