"""The tree of errors, an exception in one line, and the public names of the package."""

import pickle

import pytest

import reluctant
from reluctant.core.errors import DataError, ModelError, ReluctantError, StudyError, describe_exception


@pytest.mark.parametrize("kind", [StudyError, DataError, ModelError])
def test_every_error_is_a_reluctant_error_and_a_value_error(kind: type[ReluctantError]) -> None:
    assert issubclass(kind, ReluctantError)
    assert issubclass(kind, ValueError)
    assert getattr(reluctant, kind.__name__) is kind
    error = pickle.loads(pickle.dumps(kind("write it otherwise")))
    assert (type(error), str(error)) == (kind, "write it otherwise")


def test_the_three_kinds_are_distinct() -> None:
    assert reluctant.ReluctantError is ReluctantError
    assert not issubclass(DataError, StudyError | ModelError)
    assert not issubclass(ModelError, StudyError)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("first\nsecond"), "ValueError: first"),
        (RuntimeError("\n  indented line\nmore"), "RuntimeError: indented line"),
        (KeyError("name"), "KeyError: 'name'"),
        (TypeError(), "TypeError"),
        (OSError("it ends with a full stop."), "OSError: it ends with a full stop"),
    ],
)
def test_an_exception_is_described_in_one_line(error: Exception, line: str) -> None:
    assert describe_exception(error) == line


def test_a_long_message_is_cut_between_words() -> None:
    line = describe_exception(ValueError("word " * 100))
    assert len(line) <= 200
    assert line.startswith("ValueError: word word")
    assert line.endswith("word …")


def test_every_public_name_can_be_imported() -> None:
    for name in reluctant.__all__:
        assert getattr(reluctant, name) is not None
