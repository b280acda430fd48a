"""The `[seed]` table: each source of randomness has a seed of its own, and the spread is taken apart."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reluctant.records.study_results import Results

from reluctant.analysis.comparison import compare
from reluctant.analysis.variance import sentence, shares, spreads
from reluctant.cli import main
from reluctant.core.errors import StudyError
from reluctant.data import load, split_indices
from reluctant.report import render
from reluctant.report.export import export
from reluctant.statistics import REST, components
from reluctant.study import SOURCES, Run, Study, seed_numbers, study_changes
from reluctant.study.seeds import as_table, crossed, levels, source_seed
from reluctant.training import Training, prepare
from tests.support import records, small

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
def test_a_study_keeps_its_table(table: dict[str, list[int]]) -> None:
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


def test_more_numbers_are_growth() -> None:
    old, new = (Study(activation="relu", seed={"init": [0, 1], "noise": n}) for n in ([0, 1], [0, 1, 2]))
    assert study_changes(old, new) == []
    assert len(study_changes(new, old)) == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"weights": [0, 1]}, "no source of randomness is called 'weights'"),
        ({"ordre": [0, 1]}, "did you mean 'order'"),
        ({"init": 3}, "give at least one source several numbers"),
        ({}, "give at least one source several numbers"),
        ({"init": [0, -1]}, "init: whole numbers from 0 are wanted, not -1"),
        ({"init": [0, True]}, "whole numbers from 0 are wanted, not True"),
        ({"init": [0, 0]}, "several that differ"),
        ({"init": [], "order": [0, 1]}, "several that differ"),
        ({"init": [0, 0.5]}, "not 0.5"),
        ({"init": [0, 2**63]}, "whole numbers from 0 are wanted"),
    ],
)
def test_a_wrong_table_is_told(table: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match="seed: ") as told:
        Study(activation="relu", seed=table)
    assert message in str(told.value)


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


def weights(seed: int | str) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = small.trained(small.run("rrelu", seed=seed)).model.state_dict()
    return found


def test_the_same_number_everywhere_trains_as_the_plain_seed() -> None:
    plain, apart = weights(2), weights("init=2 order=2 noise=2 split=0")
    assert all(torch.equal(plain[name], apart[name]) for name in plain)


@pytest.mark.parametrize("source", ["init", "order", "noise"])
def test_each_source_changes_the_training(source: str) -> None:
    same = dict.fromkeys(SOURCES, 0)
    one, other = ("init={init} order={order} noise={noise} split={split}".format(**same | {source: n})
                  for n in (0, 1))  # fmt: skip
    first, second = weights(one), weights(other)
    assert not torch.equal(first["blocks.0.conv.weight"], second["blocks.0.conv.weight"])
    starts = [Training(small.run(seed=seed), small.digits()).model.state_dict() for seed in (one, other)]
    alike = all(torch.equal(starts[0][name], starts[1][name]) for name in starts[0])
    assert alike == (source != "init")


def test_the_split_changes_which_images_are_kept_aside() -> None:
    data = load("digits")
    first, again, other = (prepare(data, 0.8, split) for split in (0, 0, 1))
    assert torch.equal(first.valid.targets, again.valid.targets)
    assert not torch.equal(first.valid.inputs, other.valid.inputs)
    assert torch.equal(first.test.targets, other.test.targets)
    assert (split_indices(100, 0.5)[0] == split_indices(100, 0.5, 0)[0]).all()


def test_components_follow_from_the_mean_squares_of_statsmodels() -> None:
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    grid = np.random.default_rng(1).normal(size=(4, 3, 2)) + np.arange(4)[:, None, None]
    places = np.indices(grid.shape).reshape(3, -1)
    frame = pd.DataFrame({"y": grid.ravel(), **dict(zip("abc", places, strict=True))})
    model = ols("y ~ (C(a) + C(b) + C(c)) ** 2", frame).fit()  # what is left is the last interaction
    ms = {
        name.replace("C(", "").replace(")", ""): value for name, value in anova_lm(model)["mean_sq"].items()
    }
    found = {part.source: part.variance for part in components(grid, "abc")}
    by_hand = {
        "a": (ms["a"] - ms["a:b"] - ms["a:c"] + ms["Residual"]) / 6,
        "b": (ms["b"] - ms["a:b"] - ms["b:c"] + ms["Residual"]) / 8,
        "c": (ms["c"] - ms["a:c"] - ms["b:c"] + ms["Residual"]) / 12,
    }
    pairs = [(ms[pair] - ms["Residual"]) / grid.shape["abc".index(left)]
             for pair, left in (("a:b", "c"), ("a:c", "b"), ("b:c", "a"))]  # fmt: skip
    assert {name: found[name] for name in by_hand} == pytest.approx(
        {k: max(0.0, v) for k, v in by_hand.items()}
    )
    assert found[REST] == pytest.approx(max(0.0, sum(pairs) + ms["Residual"]))


def test_what_two_sources_do_together_is_booked_on_neither() -> None:
    rng = np.random.default_rng(3)
    shares = np.zeros(4)
    for _ in range(300):
        grid = rng.normal(0, 1, (4, 3, 1, 1)) + np.zeros((4, 3, 3, 2))
        shares += [part.variance for part in components(grid + rng.normal(0, 0.01, grid.shape), "abcd")][:4]
    rest = np.mean([components(rng.normal(0, 1, (4, 3, 1, 1)) + np.zeros((4, 3, 3, 2)), "abcd")[-1].variance
                    for _ in range(300)])  # fmt: skip
    assert rest == pytest.approx(1, abs=0.15)
    assert shares[0] / 300 < 0.2  # clipped at 0, so a little above it
    assert shares[2] / 300 < 0.01


def test_what_is_purely_additive_leaves_no_rest() -> None:
    grid = np.array([0.0, 2.0])[:, None] + np.array([0.0, 3.0, 6.0])
    first, second, rest = components(grid, ["a", "b"])
    assert (first.variance, second.variance, rest.variance) == pytest.approx((2.0, 9.0, 0.0), abs=1e-12)


def test_one_source_alone_is_a_plain_variance() -> None:
    values = np.array([[[1.0]], [[2.0]], [[4.0]]])
    (only,) = components(values, ["a", "b", "c"])
    assert (only.source, only.share) == ("a", 1.0)
    assert only.variance == pytest.approx(np.var([1, 2, 4], ddof=1))
    assert only.low is not None
    assert only.high is not None
    assert only.low < only.variance < only.high


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        grid = rng.normal(0, 2, (6, 1)) + rng.normal(0, 1, (1, 5)) + rng.normal(0, 1, (6, 5))
        first = components(grid, ["a", "b"])[0]
        assert first.low is not None
        assert first.high is not None
        held += first.low <= 4 <= first.high
    assert 0.93 < held / 1000 <= 1


def test_intervals_hold_the_truth_where_sources_act_together() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(1000):
        grid = rng.normal(0, 1, (4, 1, 1)) + rng.normal(0, 1, (4, 3, 1)) + rng.normal(0, 0.5, (4, 3, 3))
        first = components(grid, "abc")[0]
        assert first.low is not None
        assert first.high is not None
        held += first.low <= 1 <= first.high
    assert 0.92 < held / 1000 <= 1


@given(st.integers(0, 10**6))
def test_an_interval_holds_its_estimate(seed: int) -> None:
    for part in components(np.random.default_rng(seed).normal(size=(3, 2, 2)), "abc")[:3]:
        assert part.low is not None
        assert part.high is not None
        assert 0 <= part.low <= part.variance <= part.high


def test_nothing_that_varies_has_no_shares() -> None:
    assert all(math.isnan(part.share) and part.low is None for part in components(np.ones((2, 2)), "ab"))


def test_a_hole_in_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="full grid"):
        components([[1.0, np.nan], [1.0, 2.0]], "ab")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return records.folder(tmp_path / "a", Study(activation=["relu", "elu"], seed=TABLE, epochs=2))


def test_the_spread_is_that_of_the_scores(folder: Path) -> None:
    results = Results.read(folder)
    found = spreads(results)
    assert [each.activation for each in found] == ["relu", "elu"]
    assert [part.source for part in found[0].parts] == ["init", "order", "noise", REST]
    grid = results.values("f1", "relu").reshape(3, 2, 2)
    by_init = components(grid, "abc")[0]
    assert found[0].parts[0].variance == by_init.variance
    assert sum(shares(found).values()) == pytest.approx(1)


def test_runs_that_are_missing_leave_an_activation_out(tmp_path: Path) -> None:
    study = Study(activation=["relu", "elu"], seed=TABLE, epochs=2)
    results = Results.read(records.folder(tmp_path / "a", study, skip=1))
    relu, elu = spreads(results)
    assert (relu.lost, elu.lost, elu.parts) == (0, 1, ())
    assert "their interplay" in sentence(results)


def test_the_page_takes_apart_and_compares_nothing(folder: Path) -> None:
    results = Results.read(folder)
    page = render(results)
    assert compare(results) == ()
    assert "Where the spread comes from" in page
    assert sentence(results) in page
    assert "Is the difference real?" not in page
    assert "every combination of 3 numbers for the initial weights" in page


def test_a_setting_s_name_leads_nowhere(tmp_path: Path) -> None:
    table = {"init": [0, 1], "order": [0, 1]}
    study = Study(activation="relu", seed=table, epochs=1, dataset=["idx(root='../../x')", "digits"])
    render(Results.read(records.folder(tmp_path / "a", study)), tmp_path / "deep" / "figures")
    made = list(tmp_path.rglob("*.svg"))
    assert len([path for path in made if "spread" in path.name]) == 2
    assert {path.parent for path in made} == {tmp_path / "deep" / "figures"}


def test_the_terminal_shows_the_shares(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["compare", str(folder)])
    shown = capsys.readouterr().out
    assert left.value.code == 0
    assert shown.count("initial weights") == 2
    assert "baseline" not in shown


def test_a_table_of_verdicts_cannot_be_exported(folder: Path) -> None:
    with pytest.raises(StudyError, match="compares nothing"):
        export(Results.read(folder), folder / "a.md")
    assert len(export(Results.read(folder), folder / "a.csv").read_text().splitlines()) == 2 * 12 * 2 * 3 + 1


def test_plain_seeds_have_no_spread_to_take_apart(tmp_path: Path) -> None:
    results = Results.read(records.folder(tmp_path, Study(activation="relu", seed=[0, 1], epochs=1)))
    assert spreads(results) == ()
    assert "Where the spread comes from" not in render(results)
