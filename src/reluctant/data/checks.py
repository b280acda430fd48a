"""What must hold of any arrays before something is trained on them, whoever made them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.data.dataset import Dataset, Images, Labels, Split, content_sum
from reluctant.names import StudyError

MOST_CLASSES = 1000
_FEW_CHANNELS = 4


def checked(
    name: str,
    train: tuple[object, object],
    test: tuple[object, object],
    *,
    title: str,
    classes: Sequence[str] = (),
    note: str = "",
    warnings: Sequence[str] = (),
) -> Dataset:
    """A data set from two pairs (images, labels), each array in its final form.

    Images: (n, height, width) or (n, channels, height, width), uint8 or float. Labels: (n,), whole numbers
    from 0. Without `classes` they are '0', '1', … up to the largest label. Raises `StudyError`.
    """
    first, second = _split(f"{name}: train", *train), _split(f"{name}: test", *test)
    _check_alike(name, first, second)
    return Dataset(
        name,
        title,
        note,
        _classes(name, classes, first, second),
        first,
        second,
        content_sum(first, second),
        tuple(warnings),
    )


def _split(where: str, images: object, labels: object) -> Split:
    split = Split(_images(where, images), _labels(where, labels))
    if len(split.images) != len(split.labels):
        raise StudyError(
            f"{where} has {len(split.images)} images and {len(split.labels)} labels; "
            f"every image needs one label"
        )
    return split


def _array(where: str, what: str, value: object) -> NDArray[Any]:
    try:
        array = np.asarray(value)
    except Exception as fault:  # ragged lists, tensors on a GPU: each type has its own way to refuse
        raise StudyError(f"{where} {what} are no array: {fault}") from None
    if array.size == 0:
        raise StudyError(f"{where} {what} are empty (shape {array.shape}); at least one item is needed")
    return array


def _images(where: str, value: object) -> Images:
    images = _array(where, "images", value)
    if images.ndim == 3:
        images = images[:, np.newaxis]
    if images.ndim != 4:
        raise StudyError(
            f"{where} images have shape {images.shape}; "
            f"wanted is (n, height, width) or (n, channels, height, width)"
        )
    _, channels, height, width = images.shape
    if min(channels, height) > _FEW_CHANNELS and width in (1, 3, 4):  # or colours would pass for columns
        raise StudyError(
            f"{where} images of shape {images.shape} have their channels last; "
            f"give images.transpose(0, 3, 1, 2)"
        )
    return _pixels(where, images)


def _pixels(where: str, images: NDArray[Any]) -> Images:
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images, np.uint8)
    if images.dtype.kind != "f":
        raise StudyError(
            f"{where} images are {images.dtype}; give .astype('uint8') (0 to 255) or .astype('float32')"
        )
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, and is refused next
        floats = np.ascontiguousarray(images, np.float32)
    bad = int(np.count_nonzero(~np.isfinite(floats)))
    if bad:
        raise StudyError(f"{where} images hold {bad} values that are not finite (NaN, inf); remove them")
    return floats


def _labels(where: str, value: object) -> Labels:
    labels = _array(where, "labels", value)
    if labels.ndim != 1:
        raise StudyError(f"{where} labels have shape {labels.shape}; wanted is (n,), one number an image")
    if labels.dtype.kind not in "iu":
        raise StudyError(f"{where} labels are {labels.dtype}; give whole numbers: .astype('int64')")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= MOST_CLASSES:
        raise StudyError(
            f"{where} labels go from {low} to {high}; "
            f"classes are counted from 0 to at most {MOST_CLASSES - 1}"
        )
    return np.ascontiguousarray(labels, np.int64)


def _check_alike(name: str, train: Split, test: Split) -> None:
    for what, one, other in (
        ("shape (channels, height, width)", train.images.shape[1:], test.images.shape[1:]),
        ("type", train.images.dtype, test.images.dtype),
    ):
        if one != other:
            raise StudyError(
                f"{name}: images have the {what} {one} in train and {other} in test; make them equal"
            )


def _classes(name: str, given: Sequence[str], train: Split, test: Split) -> tuple[str, ...]:
    largest = max(int(train.labels.max()), int(test.labels.max()))
    classes = tuple(map(str, given)) or tuple(map(str, range(largest + 1)))
    if largest >= len(classes):
        raise StudyError(
            f"{name}: a label is {largest}, and the {len(classes)} classes are counted from 0 to "
            f"{len(classes) - 1}"
        )
    if len(np.unique(train.labels)) < 2:
        raise StudyError(
            f"{name}: every training image has the label {train.labels[0]}; at least two classes are needed"
        )
    return classes
