"""A text as a data set: windows of tokens, each with the tokens that come next; the last part is for testing."""

import bz2
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.errors import DataError
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset, TokenInputs
from reluctant.data.folder import VARIABLE, find_file, manual_download, user_path
from reluctant.data.idx import unpublished_warning
from reluctant.data.text_tokens import TextTokens, tokenize

WINDOWS = "windows"  # what the inputs are called
LARGEST_TEXT = 256 * 1024**2  # bytes; every token takes eight
PUBLISHED_FRACTION = 0.1  # of Shakespeare's text, as in nanoGPT
_EXCERPT = "shakespeare.txt.bz2"
_LISTED = 10  # characters named in a sentence


def load_text(name: Name, folder: Path) -> Dataset:
    """The data set of a text file, `path`, relative to the current folder; `folder` is not used.

    See `text_dataset`. Raises `DataError`: a file that cannot be read, is no text, or is too short or too large.
    """
    arguments, dataset = DATASETS.arguments(name), str(name)
    path = user_path(dataset, arguments["path"], "text(path='mine.txt')", "the file")
    return text_dataset(dataset, _read_text(path), arguments, title=path.name)


def load_tinyshakespeare(name: Name, folder: Path) -> Dataset:
    """1,115,394 characters of Shakespeare from `folder/text/tinyshakespeare.txt`; the last tenth is the test part.

    A file that is not the published one is used, with a warning. Source: Karpathy 2015, char-rnn,
    data/tinyshakespeare/input.txt. Raises `DataError`: the file is missing (how to get it).
    """
    row, arguments = DATASETS[name.head], DATASETS.arguments(name)
    (file,) = row.files
    path = find_file(folder / row.subfolder, file)
    if path is None:
        raise DataError(
            f"{row.title} is not in {folder / row.subfolder}. Run `reluctant fetch {row.name}`, or set {VARIABLE} to "
            f"the folder that holds {row.subfolder}/, or {manual_download(row, folder / row.subfolder, [file])}"
        )
    warning = unpublished_warning(row, path)
    warnings = (warning,) if warning else ()
    return text_dataset(str(name), _read_text(path), arguments, title=row.title, warnings=warnings)


def load_shakespeare(name: Name, folder: Path) -> Dataset:
    """The first 1,020,476 characters of the same text, which come with reluctant; `folder` is not used.

    The plays are in the public domain; the text is the beginning of Karpathy's file (see `load_tinyshakespeare`) up to
    the end of a speech, as much as fits into 300 kB.
    """
    row, arguments = DATASETS[name.head], DATASETS.arguments(name)
    content = bz2.decompress(resources.files("reluctant.data").joinpath(_EXCERPT).read_bytes())
    return text_dataset(str(name), content, arguments, title=row.title, note=row.note)


def text_dataset(
    name: str, content: bytes, arguments: Mapping[str, Any], *, title: str, note: str = "", warnings: Sequence[str] = ()
) -> Dataset:
    """The windows of a text: inputs (n, context) and, as targets, the token that follows each of them.

    The last `test_fraction` of the tokens is the test part, a tenth where the data set has no such argument; windows
    are cut after that, without overlap, so that no token of the test part is a target of training. `tokens` are as for
    `tokenize`. Raises `DataError`: a text that is empty, or too short for two training windows and one test window.
    """
    context, test_fraction = arguments["context"], arguments.get("test_fraction", PUBLISHED_FRACTION)
    if not content:
        raise DataError(f"{name}: the text is empty")
    if not test_fraction:
        raise DataError(f"{name}: test_fraction = 0 leaves nothing to test on; write a number such as 0.1")
    text = tokenize(name, content, arguments["tokens"])
    total = len(text.ids)
    n_test = math.ceil(total * Fraction(repr(test_fraction)))
    train, test = text.ids[: total - n_test], text.ids[total - n_test :]
    longest = min((len(train) - 1) // 2, len(test) - 1)
    if context > longest:
        correction = f"context={longest} is the longest that fits" if longest > 1 else "a longer text is needed"
        raise DataError(
            f"{name}: the text has {total:,} tokens, {len(train):,} to train on and {n_test:,} to test on, too few for "
            f"two training windows and one test window of {context} tokens and the next; {correction}"
        )
    known = TokenInputs(text.vocabulary, sizes=text.sizes, stream=train)
    remark = (
        f"the text has {total:,} tokens, {text.vocabulary:,} different ones are possible; the last {n_test:,} are the "
        f"test part, validation is the last part of the others"
    )
    unseen = _test_only_warning(text, train, test)
    return checked(
        name,
        text_windows(train, context),
        text_windows(test, context),
        title=title,
        note=note,
        warnings=(*warnings, *text.warnings, *((unseen,) if unseen else ())),
        items=WINDOWS,
        remarks=(remark,),
        tokens=known,
        by_position=True,
    )


def text_windows(stream: NDArray[np.int64], context: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Windows (n, context) of a sequence, without overlap, and the same one token later; both are views."""
    n = (len(stream) - 1) // context
    return stream[: n * context].reshape(n, context), stream[1 : n * context + 1].reshape(n, context)


def _test_only_warning(text: TextTokens, train: NDArray[np.int64], test: NDArray[np.int64]) -> str:
    """A sentence about characters that only the test part has; '' where there are none."""
    in_train, in_test = (np.bincount(part, minlength=text.vocabulary) for part in (train, test))
    unseen = np.flatnonzero((in_train == 0) & (in_test > 0))
    if not text.names or not len(unseen):
        return ""
    listed = ", ".join(repr(text.names[i]) for i in unseen[:_LISTED]) + (", …" if len(unseen) > _LISTED else "")
    subject = f"1 character ({listed}) is" if len(unseen) == 1 else f"{len(unseen):,} characters ({listed}) are"
    return (
        f"{subject} in the test part only, {in_test[unseen].sum():,} of its {len(test):,} tokens; nothing can be "
        f"learned of {'it' if len(unseen) == 1 else 'them'}"
    )


def _read_text(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise DataError(f"{path} is a folder; name the file of a text")
        if (size := path.stat().st_size) > LARGEST_TEXT:
            raise DataError(f"{path} has {size:,} bytes; at most {LARGEST_TEXT:,} are read, so give a part of it")
        return path.read_bytes()
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None
