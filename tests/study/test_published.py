"""Published numbers and claims in study files: what is refused, and the studies of the literature."""

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.core.errors import StudyError
from reluctant.study import PublishedNumber, Study, study_changes
from tests.support.strategies import values

ONE = {"activation": "relu", "value": 0.9, "source": "Someone 2020, table 1"}


@pytest.mark.parametrize(
    ("published", "words"),
    [
        ({"value": 98.96}, "accuracy is a share of 1; write 0.9896, not 98.96"),
        ({"deviation": 0.01}, "deviation goes with `runs`, at least 2"),
        ({"runs": 3}, "a mean of several runs goes with their `deviation`; for a single run leave `runs` out"),
        ({"deviation": 0.01, "runs": 1}, "deviation goes with `runs`, at least 2"),
        ({"deviation": 2, "runs": 3}, "the deviation of accuracy is a share of 1; write 0.02, not 2"),
        ({"metric": "loss", "value": -1}, "loss cannot be below 0"),
        ({"activation": "relo"}, "did you mean 'relu'"),
        ({"metric": "acuracy"}, "did you mean 'accuracy'"),
        ({"epoch": 0}, "published.2.epoch must be greater than or equal to 1, not 0"),
        ({"source": ""}, "published.2.source must have at least 1 character, not ''"),
        ({"source": "a\x1b[2J"}, "control characters"),
        ({"sauce": "x"}, "there is no key 'published.2.sauce'; did you mean 'published.2.source'"),
        ({"split": "test "}, "published.2.split must be 'train', 'valid' or 'test', not 'test '"),
    ],
)
def test_a_number_that_cannot_be_is_refused(published: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=re.escape(words)) as error:
        Study(activation=["relu"], published=[{**ONE, "epoch": 3}, {**ONE, **published}])
    assert "published.2" in str(error.value)


def test_a_number_needs_its_source() -> None:
    with pytest.raises(StudyError, match=r"published\.1\.source is missing"):
        Study(activation="relu", published=[{"activation": "relu", "value": 0.9}])


def test_the_same_number_twice_is_a_mistake() -> None:
    twice = [{**ONE, "activation": name, "epoch": 5} for name in ("silu", "Swish")]
    with pytest.raises(StudyError, match=r"accuracy of 'silu' \(test, after epoch 5\) is here twice"):
        Study(activation="relu", published=twice)
    other = {**ONE, "source": "Another 2021"}
    assert len(Study(activation="relu", published=[ONE, other]).published) == 2


def test_a_table_of_seeds_compares_nothing() -> None:
    with pytest.raises(StudyError, match="leave out published"):
        Study(activation="relu", seed={"init": [0, 1]}, published=[ONE])


def test_numbers_survive_writing_and_may_change_in_a_folder() -> None:
    several: dict[str, Any] = {**ONE, "deviation": 0.01, "runs": 3, "split": "valid", "metric": "f1", "epoch": 2}
    plain, study = Study(activation="relu"), Study(activation="relu", published=[ONE, several])
    assert Study(**tomllib.loads(study.to_toml())) == study
    assert study.published[1] == PublishedNumber(**several)
    assert study_changes(plain, study) == study_changes(study, plain) == []


@given(tables=st.lists(st.dictionaries(st.sampled_from([*PublishedNumber.model_fields, "x"]), values), max_size=3))
def test_any_table_is_a_number_or_a_fault(tables: list[dict[str, Any]]) -> None:
    try:
        study = Study(activation="relu", published=tables)
    except StudyError as error:
        message = str(error)
    else:
        message = "published"
        assert Study(**tomllib.loads(study.to_toml())) == study
    assert "published" in message


def test_the_article_states_six_claims_and_they_survive_writing() -> None:
    study = Study.read("article")
    assert len(study.claims) == 6
    assert Study(**tomllib.loads(study.to_toml())) == study
    fewer = Study.read("article", {"activation": ["relu", "elu"]})
    assert len(fewer.claims) == 4


def test_a_claim_about_a_rival_survives_writing() -> None:
    claim = {"says": "x", "of": "relu", "is": "higher", "than": "elu"}
    study = Study(activation=["relu", "elu"], claim=[claim])
    assert len(study.claims) == 1
    assert Study(**tomllib.loads(study.to_toml())) == study


def test_e_swish_is_the_paper_s() -> None:
    study = Study.read("e-swish")
    assert study.activation == ("relu", "silu", "e_swish", "e_swish(beta=2)")
    assert (study.size, len(study.published), len(study.claims)) == (40, 16, 4)
    last = {each.activation: each.value for each in study.published if each.epoch == 20}
    assert last == {"relu": 0.9806, "silu": 0.9779, "e_swish": 0.9801, "e_swish(beta=2)": 0.9809}
    assert {each.split for each in study.published} == {"test"}


def test_tangma_is_the_paper_s() -> None:
    study = Study.read("tangma")
    assert (study.size, len(study.published), len(study.claims)) == (20, 4, 3)
    assert {each.activation: each.value for each in study.published} == {
        "relu": 0.9896, "silu": 0.9891, "gelu": 0.9894, "tangma": 0.9909}  # fmt: skip
    assert {(each.split, each.epoch) for each in study.published} == {("valid", 10)}


@pytest.mark.parametrize("name", ["e-swish", "tangma"])
def test_a_study_of_the_literature_can_be_cut_short(name: str) -> None:
    study = Study.read(name, {"epochs": 2, "seed": [0]})
    assert study.published == Study.read(name).published
