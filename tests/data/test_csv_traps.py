"""Tables whose plain reading would be wrong in silence: each is read right, or refused with what to change."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reluctant.core.errors import DataError
from reluctant.data import Dataset, from_data, load

Floats = npt.NDArray[np.float64]
N = 40
X: Floats = np.round(np.random.default_rng(1).normal(size=(N, 2)), 3)
KIND = ["p" if a > 0 else "q" for a in X[:, 0]]


def table(columns: Mapping[str, Sequence[object]], separator: str = ",") -> str:
    rows = zip(*columns.values(), strict=True)
    return "\n".join(separator.join(map(str, row)) for row in (tuple(columns), *rows)) + "\n"


def read(folder: Path, text: str, target: str = "kind", more: str = "") -> Dataset:
    (folder / "mine.csv").write_bytes(text.encode())
    return load(f"csv(path={str(folder / 'mine.csv')!r}, target={target!r}{more})")


def values(data: Dataset, column: int = 0) -> list[float]:
    return sorted(np.concatenate([data.train.inputs, data.test.inputs])[:, column].tolist())


@pytest.mark.parametrize(("start", "step"), [(1_700_000_000_000, 301), (1_700_000_000, 2), (2**60, 7)])
def test_time_stamps_keep_their_digits(tmp_path: Path, start: int, step: int) -> None:
    """As float32, 400 time stamps of two minutes would be two values."""
    data = read(tmp_path, table({"time": [start + step * i for i in range(N)], "kind": KIND}))
    assert values(data) == [step * i for i in range(N)]
    assert f"{start:,} is subtracted from the column time" in data.remarks[0]
    assert data.warnings == ()


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_time_stamps_in_arrays_keep_their_digits(dtype: type) -> None:
    x: npt.NDArray[Any] = (1_700_000_000 + 2 * np.arange(N))[:, np.newaxis].astype(dtype)
    data = from_data((x[:30], KIND[:30], x[30:], KIND[30:]))
    assert values(data) == [2 * i for i in range(N)]
    assert "subtracted from the column 0" in data.remarks[0]


def test_usual_numbers_stay_as_they_are(tmp_path: Path) -> None:
    data = read(tmp_path, table({"year": [1980 + i for i in range(N)], "kind": KIND}))
    assert values(data) == [1980 + i for i in range(N)]
    assert len(data.remarks) == 1  # of the rows held out


def commas(numbers: Floats) -> list[str]:
    return [f"{number:.1f}".replace(".", ",") for number in numbers]


WRITTEN: dict[str, tuple[Sequence[object], str, str]] = {
    "decimal comma": (commas(X[:, 0]), ";", "numbers with a decimal comma .*'-?\\d,\\d'; add decimal=','"),
    "percentages": ([f"{abs(a):.1f}%" for a in X[:, 0]], ",", "percentages as texts, .*write the number alone"),
    "dollars": ([f"${abs(a):.2f}" for a in X[:, 0]], ",", "amounts of money"),
    "days": ([f"{i % 28 + 1:02}.01.2020" for i in range(N)], ",", "dates or times .*write numbers, such as days"),
    "months": ([f"2020-{i % 12 + 1:02}" for i in range(N)], ",", "dates or times"),
    "times": ([f"{i % 24:02}:30" for i in range(N)], ",", "dates or times"),
    "thousands": ([f'"{18_280 + i:,}"' for i in range(N)], ",", "comma between thousands .*write 18280 instead"),
    "question marks": (["?" if i % 9 == 0 else i for i in range(N)], ",", r"missing in 1 of 2 columns: a \(5\)"),
    "NA among numbers": (["NA" if i % 9 == 0 else i for i in range(N)], ",", r"missing in 1 of 2 columns: a \(5\)"),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_numbers_that_are_written_as_texts_are_refused(tmp_path: Path, case: str) -> None:
    column, separator, message = WRITTEN[case]
    text = table({"a": column, "b": list(X[:, 1]), "kind": KIND}, separator)
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)
    if "missing" not in message:
        levels = len({str(value) for value in column})
        assert read(tmp_path, text, more=", categories='a'").train.inputs.shape[1] == levels + 1
    with pytest.raises(DataError, match=r"'a' (holds|is missing)"):
        read(tmp_path, text, target="a")


def test_a_decimal_comma_is_read_where_the_study_says_so(tmp_path: Path) -> None:
    text = table({"a": commas(X[:, 0]), "b": commas(X[:, 1]), "kind": KIND}, ";")
    assert values(read(tmp_path, text, more=", decimal=','")) == pytest.approx(sorted(np.round(X[:, 0], 1)))


def test_na_is_a_class_and_a_category_like_any_other(tmp_path: Path) -> None:
    regions = ["NA" if i % 3 else "EU" for i in range(N)]
    assert read(tmp_path, table({"a": list(X[:, 1]), "region": regions}), "region").classes == ("EU", "NA")
    data = read(tmp_path, table({"region": regions, "kind": KIND}))
    assert values(data, 1) == sorted(float(region == "NA") for region in regions)


def test_a_column_without_a_name_that_counts_the_rows_is_left_out(tmp_path: Path) -> None:
    data = read(tmp_path, table({"": list(range(N)), "a": list(X[:, 1]), "kind": KIND}))
    assert data.train.inputs.shape[1] == 1
    assert data.remarks[0] == "the first column of mine.csv has no name and counts the rows; it is left out"
    with pytest.raises(DataError, match="column 1 has no name; write one"):
        read(tmp_path, table({"": list(X[:, 0]), "a": list(X[:, 1]), "kind": KIND}))
    named = read(tmp_path, table({"Id": list(range(1, N + 1)), "a": list(X[:, 1]), "kind": KIND}))
    assert "the column Id counts the rows" in named.warnings[0]


def test_a_name_or_a_line_of_names_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    """pandas calls the second column kind.1, and it is the target."""
    with pytest.raises(DataError, match="more than one column is called 'a', 'kind'; give every column"):
        read(tmp_path, "a,a,kind,kind\n" + "".join(f"{a},{b},{k},{k}\n" for (a, b), k in zip(X, KIND, strict=True)))
    text = table({"a": list(X[:, 1]), "kind": KIND})
    with pytest.raises(DataError, match=rf"row {N + 1} repeats the names of the columns \('a, kind'\); remove it"):
        read(tmp_path, text + text)


def test_whole_numbers_past_two_to_the_53_stay_different_classes(tmp_path: Path) -> None:
    ids = [2**53 + i % 2 for i in range(N)]
    names = ("9007199254740992", "9007199254740993")
    assert read(tmp_path, table({"a": list(X[:, 1]), "id": ids}), "id").classes == names
    assert from_data((X, np.array(ids))).classes == names


def test_codes_with_leading_zeros_are_texts(tmp_path: Path) -> None:
    codes = ["01" if i % 3 == 0 else "1" for i in range(N)]
    data = read(tmp_path, table({"a": list(X[:, 1]), "code": codes}), "code")
    assert data.classes == ("01", "1")
    assert data.remarks[0].startswith("the column code has numbers with leading zeros; they are read as texts")
    assert read(tmp_path, table({"code": codes, "kind": KIND})).train.inputs.shape[1] == 2


def test_lines_above_the_names_are_skipped(tmp_path: Path) -> None:
    plain = read(tmp_path, table({"a": list(X[:, 1]), "kind": KIND}))
    semicolons = table({"a": list(X[:, 1]), "kind": KIND}, ";")
    for text in ("sep=;\n" + semicolons, "# measured on Monday\n#\n" + semicolons, semicolons.replace("\n", "\r")):
        assert read(tmp_path, text).sha256 == plain.sha256
    assert read(tmp_path, "#" + table({"a": list(X[:, 1]), "kind": KIND})).train.inputs.shape[1] == 1


def test_blanks_around_texts_do_not_make_classes(tmp_path: Path) -> None:
    spaced = [kind + " " * (i % 3) for i, kind in enumerate(KIND)]
    assert read(tmp_path, table({"a": list(X[:, 1]), "kind": spaced}, ", "), "kind").classes == ("p", "q")


def test_classes_that_differ_in_case_alone_give_a_warning(tmp_path: Path) -> None:
    mixed = [kind if i % 3 else kind.upper() for i, kind in enumerate(KIND)]
    data = read(tmp_path, table({"a": list(X[:, 1]), "kind": mixed}))
    assert any("classes 'P' and 'p' differ only in upper and lower case" in warning for warning in data.warnings)


def test_labels_may_be_true_and_false() -> None:
    assert from_data((X, X[:, 0] > 0)).classes == ("False", "True")


def test_one_hot_floats_are_refused() -> None:
    one_hot = np.eye(2)[(X[:, 0] > 0).astype(int)]
    with pytest.raises(DataError, match="are one-hot; give the class of each row"):
        from_data((X, one_hot))


def test_a_backslash_that_became_another_sign_is_named() -> None:
    with pytest.raises(DataError, match=r"the path contains '\\n', since a backslash .* write / instead"):
        load(r"csv(path='C:\new.csv', target='kind')")


def test_a_file_without_names_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the first line, .* seems to be a row; write the names of the columns above"):
        read(tmp_path, "".join(f"{a},{b},{a + b:.3f},{k}\n" for (a, b), k in zip(X, KIND, strict=True)))


@pytest.mark.parametrize(
    "numbers", [[2.0**90, 2.0**90 + 2.0**67], [0.0, 2.0**-140], [2.0**-149, 2.0**-148], [-(2.0**63), 2.0**62]]
)
def test_numbers_that_float32_has_stay_as_they_are(numbers: list[float]) -> None:
    """Very large with a small difference, or below the smallest normal number: nothing is lost, so nothing changes."""
    column = np.array(numbers * (N // 2))[:, np.newaxis]
    data = from_data((column[:30], KIND[:30], column[30:], KIND[30:]))
    assert values(data) == sorted(column[:, 0])
    assert data.remarks == ()


@pytest.mark.parametrize(("factor", "up_to"), [(1e44, "9e\\+44"), (1e-46, "9e-46")])
def test_numbers_beyond_float32_are_refused(tmp_path: Path, factor: float, up_to: str) -> None:
    text = table({"size": [f"{(1 + i % 9) * factor:.3g}" for i in range(N)], "kind": KIND})
    with pytest.raises(DataError, match=f"the numbers of the column 'size' go up to {up_to}, .* or their logarithm"):
        read(tmp_path, text)


def test_whole_numbers_that_a_double_would_merge_keep_their_digits(tmp_path: Path) -> None:
    data = read(tmp_path, table({"id": [2**60 + i % 2 for i in range(N)], "kind": KIND}))
    assert set(values(data)) == {0.0, 1.0}


def test_whole_numbers_from_one_end_of_the_range_to_the_other_do_not_wrap_around() -> None:
    column = np.array([-(2**63), 2**63 - 1] * (N // 2))[:, np.newaxis]
    data = from_data((column[:30], KIND[:30], column[30:], KIND[30:]))
    assert set(values(data)) == {-(2.0**63), 2.0**63}
