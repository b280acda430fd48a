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
from reluctant.data.pictures import TRANSPARENT_REMARK, as_pixels, is_transparent
from reluctant.data.splits import hold_out

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
UNREADABLE_ENDINGS = (".heic", ".heif", ".avif", ".jfif", ".jp2", ".jxl", ".svg")
LARGEST = 2 * 1024**3  # bytes of pixels
_PART_NAMES = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("val", "valid", "validation"),
}


def load_image_folder(name: Name, folder: Path) -> Dataset:
    """The images below `root`/train/CLASS and `root`/test/CLASS, or below `root`/CLASS and some held out.

    The folders may also be called training, testing, and val, valid or validation, in any case. Without a test folder
    the validation folder is the test part, otherwise its images join the training data, from which the study cuts its
    own validation split. (n, 1, height, width) uint8 where all are grey, else (n, 3, height, width); classes and files
    in the order of their names, hidden ones left out. With `size`, the middle square is scaled to so many pixels.
    `folder` is not used. Raises `DataError`: images that are damaged or differ in size.
    """
    arguments, dataset = DATASETS.arguments(name), str(name)
    root = user_path(dataset, arguments["root"], "images(root='my_pictures')", "the folder")
    if not root.is_dir():
        raise DataError(f"{dataset}: {root} is a file; give the folder that holds one folder a class")
    parts, remarks = _part_folders(dataset, root)
    files = {part: _find_images(dataset, folders) for part, folders in parts.items()}
    paths = [path for part_paths, _ in files.values() for path in part_paths]
    images, transparent = _read_images(dataset, paths, arguments["size"])
    labels = [label for _, labels in files.values() for label in labels]
    classes = tuple(sorted(set(labels)))
    codes = np.array([classes.index(label) for label in labels], np.int64)
    if transparent:
        remarks.append(f"{transparent:,} of {len(paths):,} {TRANSPARENT_REMARK}")
    remarks += _ignored_files(root, paths)
    fields: dict[str, Any] = {"title": root.name, "classes": classes, "remarks": tuple(remarks)}
    if len(files) == 1:
        return hold_out(dataset, images, codes, arguments["test_fraction"], **fields)
    n = len(files["train"][0])
    return checked(dataset, (images[:n], codes[:n]), (images[n:], codes[n:]), **fields)


def _part_folders(name: str, root: Path) -> tuple[dict[str, list[Path]], list[str]]:
    """The folders of classes that make up each part, and remarks about them.

    The part '' has no folder of its own: `root` holds the classes, and its test part is still to be held out.
    """
    folders: dict[str, Path] = {}
    for path in _visible_entries(root):
        part = next((part for part, names in _PART_NAMES.items() if path.name.lower() in names), None)
        if part and path.is_dir():
            if part in folders:
                raise DataError(f"{name}: {folders[part]} and {path} are both the {part} part; rename one of them")
            folders[part] = path
    below = [path for path in _visible_entries(root) if path.is_dir()]
    if len(below) == 1 and any(path.name.lower() in _PART_NAMES["train"] for path in _visible_entries(below[0])):
        raise DataError(f"{name}: {root} holds one folder with the parts in it; write root={str(below[0])!r}")
    train, test, validation = (folders.get(part) for part in ("train", "test", "validation"))
    if train is None:
        if test is not None and validation is not None:
            raise DataError(f"{name}: {root} has {test.name} and {validation.name} and no folder train; add one")
        return {"": [root]}, []
    if validation is None:
        return ({"train": [train], "test": [test]}, []) if test else ({"": [train]}, [])
    if test is None:
        return {"train": [train], "test": [validation]}, [f"the folder {validation.name} is the test part"]
    joined = f"the pictures in {validation.name} join those in {train.name}; the validation split is cut from both"
    return {"train": [train, validation], "test": [test]}, [joined]


def _find_images(name: str, roots: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Every image below the folders of classes, at any depth, and its class."""
    paths: list[Path] = []
    labels: list[str] = []
    for root in roots:
        classes = [folder for folder in _visible_entries(root) if folder.is_dir()]
        for folder in classes:
            images = [path for path in _files_below(folder) if path.suffix.lower() in ENDINGS]
            if not images:
                raise DataError(
                    f"{name}: {folder} holds no picture ({', '.join(ENDINGS)}), and every folder in {root} is a class; "
                    f"add pictures to it or move it elsewhere"
                )
            paths += images
            labels += [folder.name] * len(images)
        if not classes:
            raise DataError(f"{name}: {root} holds no folders of pictures; make one folder a class in it")
    return paths, labels


def _files_below(folder: Path) -> list[Path]:
    """All files of a folder and of the folders in it, hidden ones left out."""
    files: list[Path] = []
    for path in _visible_entries(folder):
        files += _files_below(path) if path.is_dir() else [path]
    return files


def _ignored_files(root: Path, paths: Sequence[Path]) -> list[str]:
    """A remark about pictures that are not read: of an unknown format, or beside the folders of the classes."""
    read = set(paths)
    ignored = [
        path
        for path in _files_below(root)
        if path.suffix.lower() in (*ENDINGS, *UNREADABLE_ENDINGS) and path not in read
    ]
    if not ignored:
        return []
    one = len(ignored) == 1
    which = f"{ignored[0]} is" if one else f"{len(ignored):,} pictures, the first {ignored[0]}, are"
    endings = ", ".join(ENDINGS)
    return [f"{which} left out: only files in the folder of a class are read, with the endings {endings}"]


def _visible_entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as fault:
        raise DataError(f"{folder} cannot be read: {fault.strerror}; correct its permissions") from None


def _read_images(name: str, paths: Sequence[Path], size: int) -> tuple[NDArray[np.uint8], int]:
    """The images, (n, channels, height, width), and how many are transparent somewhere."""
    images: list[NDArray[np.uint8]] = []
    transparent = 0
    for path, (image, shows_background) in zip(paths, _open_images(paths, size), strict=True):
        transparent += shows_background
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
        return np.ascontiguousarray(np.stack(coloured).transpose(0, 3, 1, 2)), transparent
    return np.stack(images)[:, np.newaxis], transparent


def _open_images(paths: Sequence[Path], size: int) -> Iterator[tuple[NDArray[np.uint8], bool]]:
    """Each image upright, (height, width) where it is grey, else (height, width, 3), and whether it is transparent.

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
                shows_background = is_transparent(upright)
                image = Image.fromarray(as_pixels(upright))
        except DataError:
            raise
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as fault:
            raise DataError(f"{path} is no complete picture: {fault}; replace or remove it") from None
        if size:
            side = min(image.size)
            left, top = ((length - side) // 2 for length in image.size)
            square = image.crop((left, top, left + side, top + side))
            image = square.resize((size, size), 2)  # bilinear, over all pixels that one new pixel covers
        yield np.asarray(image), shows_background
