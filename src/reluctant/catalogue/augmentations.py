"""Augmentations: random changes of the training images in every epoch, joined by `+`."""

import re

from reluctant.catalogue.entry import Catalogue, Entry, Parameter
from reluctant.core.display import quoted
from reluctant.core.errors import StudyError
from reluctant.core.names import Name, parse

NONE = "none"

AUGMENTATIONS: Catalogue[Entry] = Catalogue("augmentation", (
    Entry(NONE, "None", "training images are not changed", source="–"),
    Entry("flip", "Flip", "half of the images are mirrored, left to right", source="Krizhevsky et al. 2012"),
    Entry("crop", "Random crop",
        "a black border is added, and a piece of the original size is cut out at a random position",
        source="He et al. 2016 (1512.03385), section 4.2",
        parameters=(Parameter("padding", 4, "width of the border in pixels", low=1, high=1000),)),
    Entry("shift", "Shift", "images move by whole pixels, vertically and horizontally; the gap is black",
        source="Simard et al. 2003",
        parameters=(Parameter("pixels", 2, "the largest move in pixels", low=1, high=1000),)),
    Entry("noise", "Noise", "normal noise is added to every number", source="Bishop 1995",
        parameters=(Parameter("deviation", 0.1, "its standard deviation, relative to that of the training data",
                              above=0.0),)),
), own=False)  # fmt: skip


def augmentation_steps(text: object) -> tuple[Name, ...]:
    """The changes that a text joins by `+`, each as its canonical name, in the same order; () for `none`.

    Raises:
        StudyError: A change is unknown or occurs twice, or `none` occurs together with another.
    """
    if not isinstance(text, str):
        parse(text)
    pieces = re.split(r"\+(?![^(]*\))", str(text))  # outside of brackets: `noise(deviation=1e+2)` is one piece
    if len(pieces) > 1 and not all(piece.strip() for piece in pieces):
        raise StudyError(f"{quoted(text)}: a change is missing next to a '+'; write 'flip + crop'")
    names = tuple(map(AUGMENTATIONS.canonical, pieces))
    heads = [name.head for name in names]
    for head in heads:
        if heads.count(head) > 1:
            raise StudyError(f"{quoted(text)}: {head} occurs twice; leave one out")
    if NONE in heads and len(heads) > 1:
        raise StudyError(f"{quoted(text)}: none cannot be combined; leave it or the others out")
    return () if heads == [NONE] else names


def canonical_augmentation(text: object) -> str:
    """The canonical form of an augmentation: `flip + crop(padding=2)`, or `none`."""
    return " + ".join(map(str, augmentation_steps(text))) or NONE
