"""What `--set KEY=VALUE` means."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.core.errors import StudyError
from reluctant.study import Study, parse_overrides
from reluctant.study.overrides import split_at_commas


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("lr=0.01", "lr", 0.01),
        ("lr=0.01,0.003", "lr", [0.01, 0.003]),
        (" lr = 1 , 2.5 ", "lr", [1, 2.5]),
        ("lr=1e-3", "lr", 0.001),
        ("seed=0..9", "seed", list(range(10))),
        ("seed=3..3", "seed", [3]),
        ("seed=-2..1", "seed", [-2, -1, 0, 1]),
        ("seed=0..2,7,9..10", "seed", [0, 1, 2, 7, 9, 10]),
        ("compare.metric=loss", "compare.metric", "loss"),
        ("activation=relu,elu", "activation", ["relu", "elu"]),
        ("activation=hardtanh(min_val=-2, max_val=2),relu", "activation", ["hardtanh(min_val=-2, max_val=2)", "relu"]),
        ("activation=my:act(x=[1, 2], y='a,b')", "activation", "my:act(x=[1, 2], y='a,b')"),
        ("activation=my:act(x='('),relu", "activation", ["my:act(x='(')", "relu"]),
        ("keep_weights=true", "keep_weights", True),
        ("keep_weights=true,false", "keep_weights", [True, False]),
        ("name='2024'", "name", "2024"),
        ('about="one, two"', "about", "one, two"),
        ("about=a=b", "about", "a=b"),
        ("name='", "name", "'"),
    ],
)
def test_what_is_written_and_what_is_meant(text: str, key: str, value: Any) -> None:
    assert repr(parse_overrides([text])) == repr({key: value})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr", "--set 'lr': write KEY=VALUE, for example --set lr=0.01,0.003"),
        ("lr=", "write KEY=VALUE"),
        ("=1", "write KEY=VALUE"),
        (" = ", "write KEY=VALUE"),
        ("", "write KEY=VALUE"),
        ("lr=1,,2", "there is nothing between two commas"),
        ("lr=1,", "there is nothing between two commas"),
        ("seed=9..0", "9..0 runs backwards; write 0..9"),
        ("seed=0..99999999", "more than a million values"),
    ],
)
def test_a_fault_says_what_to_write(text: str, words: str) -> None:
    with pytest.raises(StudyError, match=re.escape(words)):
        parse_overrides([text])


def test_the_last_word_on_a_key_counts() -> None:
    assert parse_overrides(["lr=1", "seed=2", "lr=3"]) == {"lr": 3, "seed": 2}
    assert parse_overrides([]) == {}


@given(st.lists(st.text("ab1.,()[]{}'\" =-", max_size=8), max_size=6))
def test_splitting_loses_nothing(parts: list[str]) -> None:
    text = ",".join(parts)
    assert ",".join(split_at_commas(text)) == text


@given(st.text(max_size=30) | st.text("lrseed=0123456789.,-()[]'\"e", max_size=30).map(lambda t: "lr=" + t))
def test_any_text_is_read_or_a_fault(text: str) -> None:
    try:
        (key,) = parse_overrides([text])
    except StudyError:
        return
    assert key == text.partition("=")[0].strip()


@given(st.lists(st.integers(-(10**17), 10**17) | st.floats(allow_nan=False), min_size=1, max_size=4))
def test_numbers_come_back(numbers: list[float]) -> None:
    expected = numbers if len(numbers) > 1 else numbers[0]
    assert repr(parse_overrides(["lr=" + ",".join(map(repr, numbers))])) == repr({"lr": expected})


@given(st.integers(-50, 50), st.integers(0, 60))
def test_a_range_holds_both_ends(first: int, more: int) -> None:
    assert parse_overrides([f"seed={first}..{first + more}"])["seed"] == list(range(first, first + more + 1))


def test_overrides_replace_keys_of_a_study() -> None:
    texts = ["activation=relu,ELU(alpha=1)", "seed=0..2", "lr=0.01,0.003", "compare.metric=loss", "compare.margin=0.1"]
    study = Study.read("quick", parse_overrides(texts))
    assert study.activation == ("relu", "elu")
    assert (study.seed, study.lr) == ((0, 1, 2), (0.01, 0.003))
    assert (study.compare.metric, study.compare.margin, study.compare.baseline) == ("loss", 0.1, "relu")
    assert study.dataset == Study.read("quick").dataset


def test_overrides_make_a_table_where_there_is_none(tmp_path: Any) -> None:
    (tmp_path / "s.toml").write_text("activation = ['relu', 'elu']\n")
    assert Study.read(tmp_path / "s.toml", {"compare.baseline": "elu"}).baseline == "elu"


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"lr.x": 1}, "--set lr.x: 'lr' is not a table of the study; give its value, --set lr=…"),
        ({"lr": float("nan")}, "quick: lr must be a finite number, not nan"),
        ({"lrr": 1}, "quick: there is no key 'lrr'; did you mean 'lr'?"),
        ({"compare.metrik": "f1"}, "there is no key 'compare.metrik'; did you mean 'compare.metric'?"),
        ({"compare": 3}, "quick: compare must be a table of keys, not 3"),
        ({"seed": [-1]}, "quick: seed must be greater than or equal to 0, not -1"),
        ({"": 1}, "there is no key ''"),
    ],
)
def test_a_faulty_override_is_a_fault_of_the_study(overrides: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=re.escape(words)):
        Study.read("quick", overrides)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("lr=[0.1, 0.2]", [0.1, 0.2]),
        ("lr=[0.1]", [0.1]),
        ("activation=[relu, 'elu(alpha=1, )']", ["relu", "elu(alpha=1, )"]),
    ],
)
def test_brackets_as_in_a_study_file_are_a_list(text: str, value: object) -> None:
    assert list(parse_overrides([text]).values()) == [value]
