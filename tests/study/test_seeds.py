"""The `[seed]` table: each source of randomness has a seed of its own."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.core.errors import StudyError
from reluctant.study import SOURCES, Run, Study, seed_numbers, study_changes
from reluctant.study.seeds import as_table, crossed, levels, source_seed

TABLE = {"init": [0, 1, 2], "order": [0, 1], "noise": [0, 1]}
whole = st.integers(0, 2**63 - 1)
tables = st.fixed_dictionaries(
    {}, optional={source: st.lists(whole, min_size=1, max_size=3, unique=True) for source in SOURCES}
).filter(lambda table: any(len(values) > 1 for values in table.values()))


@given(tables)
def test_every_combination_is_written_and_read_back(table: dict[str, list[int]]) -> None:
    seeds = crossed(table)
    assert len(set(seeds)) == len(seeds) == math.prod(len(values) for values in table.values())
    assert levels(seeds) == {source: tuple(table.get(source, [0])) for source in SOURCES}
    assert crossed(as_table(seeds)) == seeds
    assert all(seed_numbers(seed)[source] == source_seed(seed, source) for seed in seeds for source in SOURCES)


@given(tables)
def test_a_study_has_its_table(table: dict[str, list[int]]) -> None:
    study = Study(activation="relu", seed=table)
    again = Study.model_validate(study.model_dump(exclude={"claim"}))
    assert study.size == len(list(study.runs())) == len(crossed(table))
    assert again.seed == study.seed


def test_a_study_file_reads_back_what_it_wrote(tmp_path: Path) -> None:
    study = Study(activation=["relu", "elu"], seed=TABLE, epochs=2)
    path = tmp_path / "study.toml"
    path.write_text(study.to_toml())
    assert "[seed]" in study.to_toml()
    assert Study.read(path) == study


def test_more_numbers_are_an_extension() -> None:
    old, new = (Study(activation="relu", seed={"init": [0, 1], "noise": n}) for n in ([0, 1], [0, 1, 2]))
    assert study_changes(old, new) == []
    assert len(study_changes(new, old)) == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"weights": [0, 1]}, "there is no source of randomness 'weights'"),
        ({"ordre": [0, 1]}, "did you mean 'order'"),
        ({"init": 3}, "give at least one source several numbers"),
        ({}, "give at least one source several numbers"),
        ({"init": [0, -1]}, "init: must be whole numbers from 0, not -1"),
        ({"init": [0, True]}, "init: must be whole numbers from 0, not True"),
        ({"init": [0, 0]}, "several that differ"),
        ({"init": [], "order": [0, 1]}, "several that differ"),
        ({"init": [0, 0.5]}, "not 0.5"),
        ({"init": [0, 2**63]}, "init: must be whole numbers from 0, not 9223372036854775808"),
    ],
)
def test_a_wrong_table_is_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match="seed: ") as error:
        Study(activation="relu", seed=table)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "more",
    [{"control": True}, {"choose": "lr", "lr": [0.1, 0.2]},
     {"claim": [{"says": "it wins", "of": "relu", "is": "highest"}]}],
)  # fmt: skip
def test_nothing_that_compares_goes_with_a_table(more: dict[str, Any]) -> None:
    with pytest.raises(StudyError, match=f"leave out {next(iter(more))}"):
        Study(activation=["relu", "elu"], seed=TABLE, **more)


def test_a_seed_as_text_is_no_way_around_the_table() -> None:
    with pytest.raises(StudyError, match="seed"):
        Study(activation="relu", seed="five")
    with pytest.raises(StudyError, match="is no seed"):
        Study(activation="relu", seed=["init=1", "init=2"])


def test_plain_seeds_keep_their_keys() -> None:
    assert Run("relu", seed=3).canonical() == {"activation": "relu", "seed": 3}
    assert [Run("relu", seed=3).seed_for(source) for source in SOURCES] == [3, 3, 3, 0]
