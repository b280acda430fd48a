"""Images in folders: one folder a class, with or without a training and a test folder above."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.errors import DataError
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import user_path
from reluctant.data.splits import hold_out

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
LARGEST = 2 * 1024**3  # bytes of pixels


def load_image_folder(name: Name, folder: Path) -> Dataset:
    """The images in `root`/train/CLASS and `root`/test/CLASS, or in `root`/CLASS and some held out.

    (n, 1, height, width) uint8 where all are grey, else (n, 3, height, width); classes and files in the order of their
    names, hidden ones left out. With `size`, the middle square is scaled to so many pixels. `folder` is not used.
    Raises `DataError`: images that are damaged or differ in size.
    """
    arguments, dataset = DATASETS.arguments(name), str(name)
    root = user_path(dataset, arguments["root"], "images(root='my_pictures')", "the folder")
    if not root.is_dir():
        raise DataError(f"{dataset}: {root} is a file; give the folder that holds one folder a class")
    folders = {part: root / part for part in ("train", "test") if (root / part).is_dir()}
    if "train" not in folders:
        folders = {"": root}
    files = {part: _find_images(dataset, path) for part, path in folders.items()}
    images = _read_images(dataset, [path for paths, _ in files.values() for path in paths], arguments["size"])
    labels = [label for _, labels in files.values() for label in labels]
    classes = tuple(sorted(set(labels)))
    codes = np.array([classes.index(label) for label in labels], np.int64)
    fields: dict[str, Any] = {"title": root.name, "classes": classes}
    if len(files) == 1:
        return hold_out(dataset, images, codes, arguments["test_fraction"], **fields)
    n = len(files["train"][0])
    return checked(dataset, (images[:n], codes[:n]), (images[n:], codes[n:]), **fields)


def _find_images(name: str, root: Path) -> tuple[list[Path], list[str]]:
    """Every image below a folder of classes, and its class."""
    paths: list[Path] = []
    labels: list[str] = []
    for folder in _visible_entries(root):
        if folder.is_dir():
            images = [path for path in _visible_entries(folder) if path.suffix.lower() in ENDINGS and path.is_file()]
            if not images:
                raise DataError(f"{name}: {folder} holds no picture ({', '.join(ENDINGS)}); remove that folder")
            paths += images
            labels += [folder.name] * len(images)
    if not paths:
        raise DataError(f"{name}: {root} holds no folders of pictures; make one folder a class in it")
    return paths, labels


def _visible_entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as fault:
        raise DataError(f"{folder} cannot be read: {fault.strerror}; correct its permissions") from None


def _read_images(name: str, paths: Sequence[Path], size: int) -> NDArray[np.uint8]:
    """The images, (n, channels, height, width)."""
    images: list[NDArray[np.uint8]] = []
    for path, image in zip(paths, _open_images(paths, size), strict=True):
        if images and image.shape[:2] != images[0].shape[:2]:
            (height, width), (other_height, other_width) = images[0].shape[:2], image.shape[:2]
            raise DataError(
                f"{name}: {paths[0]} has {width}×{height} pixels and {path} has {other_width}×{other_height}; make "
                f"them equal, or write size={min(height, width, other_height, other_width)} to have the middle of each "
                "scaled"
            )
        images.append(image)
        if (total := image.nbytes * len(paths)) > LARGEST:
            raise DataError(
                f"{name}: {len(paths):,} pictures of this size take {total:,} bytes (at most {LARGEST:,}); "
                f"write size=… to have them scaled down"
            )
    if any(image.ndim == 3 for image in images):
        coloured = [each if each.ndim == 3 else np.repeat(each[..., np.newaxis], 3, axis=2) for each in images]
        return np.ascontiguousarray(np.stack(coloured).transpose(0, 3, 1, 2))
    return np.stack(images)[:, np.newaxis]


def _open_images(paths: Sequence[Path], size: int) -> Iterator[NDArray[np.uint8]]:
    """Each image upright, (height, width) where it is grey, else (height, width, 3).

    With a `size`, the square in the middle, scaled to so many pixels a side.
    """
    from PIL import Image, ImageOps

    for path in paths:
        try:
            with warnings.catch_warnings(), Image.open(path) as file:
                warnings.simplefilter("ignore")  # of odd but readable files
                file.load()
                if file.mode[0] in "IF":
                    raise DataError(f"{path} has more than 8 bits a colour; save it with 8")
                upright = ImageOps.exif_transpose(file)
                image = upright.convert("L" if upright.mode in ("1", "L", "LA") else "RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as fault:
            raise DataError(f"{path} is no complete picture: {fault}; replace or remove it") from None
        if size:
            side = min(image.size)
            left, top = ((length - side) // 2 for length in image.size)
            square = image.crop((left, top, left + side, top + side))
            image = square.resize((size, size), 2)  # bilinear, over all pixels that one new pixel covers
        yield np.asarray(image)
