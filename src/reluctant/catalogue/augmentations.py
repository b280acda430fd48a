"""How training images are changed anew in every epoch, and the grammar that joins such changes by `+`."""

from reluctant.catalogue.entry import Entry, Parameter, Table
from reluctant.core.display import quoted
from reluctant.core.errors import StudyError
from reluctant.core.names import Name, parse

NONE = "none"

AUGMENTATIONS: Table[Entry] = Table(
    "augmentation",
    (
        Entry(NONE, "None", "images are trained on as they are", source="–"),
        Entry(
            "flip",
            "Flip",
            "half of the images are mirrored, left for right",
            source="Krizhevsky et al. 2012",
        ),
        Entry(
            "crop",
            "Random crop",
            "a black border is put around, and a piece of the old size is cut out anywhere",
            parameters=(Parameter("padding", 4, "pixels of the border", low=1, high=1000),),
            source="He et al. 2016 (1512.03385), section 4.2",
        ),
        Entry(
            "shift",
            "Shift",
            "images move by whole pixels, down or up and sideways, and black comes in",
            parameters=(Parameter("pixels", 2, "the furthest an image moves", low=1, high=1000),),
            source="Simard et al. 2003",
        ),
        Entry(
            "noise",
            "Noise",
            "normal noise is added to every number",
            parameters=(
                Parameter("deviation", 0.1, "of the noise, in deviations of the training data", above=0.0),
            ),
            source="Bishop 1995",
        ),
    ),
    own=False,
)


def parts_of(text: object) -> tuple[Name, ...]:
    """The changes that a text joins by `+`, each as its canonical name, in the order given; `none` is empty.

    Raises `StudyError` for an unknown change, one that is named twice, or `none` beside another.
    """
    if not isinstance(text, str):
        parse(text)
    pieces = _split(str(text))
    if len(pieces) > 1 and not all(piece.strip() for piece in pieces):
        raise StudyError(f"{quoted(text)}: a change is missing beside a '+'; write for example 'flip + crop'")
    names = tuple(map(AUGMENTATIONS.canonical, pieces))
    heads = [name.head for name in names]
    for head in heads:
        if heads.count(head) > 1:
            raise StudyError(f"{quoted(text)}: {head} stands here twice; leave one out")
    if NONE in heads and len(heads) > 1:
        raise StudyError(f"{quoted(text)}: none stands alone; leave it or the others out")
    return () if heads == [NONE] else names


def augmentation(text: object) -> str:
    """The one way to write an augmentation: `flip + crop(padding=2)`, or `none`."""
    return " + ".join(map(str, parts_of(text))) or NONE


def _split(text: str) -> list[str]:
    """The pieces between signs of `+` that stand outside all brackets: `noise(deviation=1e+2)` is one."""
    pieces, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == "+" and depth <= 0:
            pieces.append("")
        else:
            pieces[-1] += sign
    return pieces
