"""Probe summaries: what the probes counted, as arrays over runs, sites and snapshots, read from records."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reluctant.analysis import ReportData, SettingData
from reluctant.analysis.probes import END, START, ProbeSummary, mean_of_finite, signed_index
from reluctant.analysis.units import percent
from reluctant.records.parts import SIZE_OF, Json
from reluctant.records.probe_table import COUNTS
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import Study
from tests.support.records import changed_records, snapshots_of, study_folder, study_records, without_probes
from tests.support.small import digits, trained

FOUR = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "prelu")
SITES = ("blocks.0.activation", "blocks.1.activation", "activation")


def one_setting(records: StudyRecords) -> SettingData:
    return ReportData.of(records).one_setting


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> StudyRecords:
    return study_records(tmp_path_factory.mktemp("four"), Study(activation=FOUR, epochs=4))


@pytest.fixture(scope="module")
def probes(records: StudyRecords) -> ProbeSummary:
    return one_setting(records).probes


def changed(path: Path, study: Study, change: Callable[[Json], None], arm: str = "") -> ProbeSummary:
    return one_setting(changed_records(path, study, change, arm)).probes


def test_sites_are_in_the_order_of_use_although_records_sort_them(records: StudyRecords, probes: ProbeSummary) -> None:
    table = records.runs[0].probes
    assert table is not None
    assert list(table.sites) == sorted(SITES) != list(SITES)
    assert probes.sites == SITES
    assert probes.layers == ("blocks.0.conv", "blocks.1.conv", "head.linear")  # no norm, no learned function
    assert probes.arms == FOUR
    assert probes.runs("relu") == 5
    assert probes.runs("gelu") == 0
    assert probes.inputs == 32


def test_sites_unknown_to_the_layers_are_sorted_by_their_numbers(tmp_path: Path) -> None:
    def rename(content: Json) -> None:
        for snapshot in snapshots_of(content):
            site = snapshot["sites"]["activation"]
            snapshot["sites"] = dict.fromkeys(("a.10", "a.9", "a.9#2", "a.9#10"), site)

    renamed = changed(tmp_path, Study(activation="relu", epochs=1, seed=0), rename)
    assert renamed.sites == ("a.9", "a.9#2", "a.9#10", "a.10")


@pytest.mark.parametrize(
    ("sites", "names"),
    [
        (SITES, ["blocks.0", "blocks.1", "activation"]),
        (("a.act", "a.act#2", "b.act"), ["a", "a#2", "b"]),
        (("1", "3"), ["1", "3"]),
        (("a.relu", "b.gelu"), ["a.relu", "b.gelu"]),
        (("act.act", "act"), ["act.act", "act"]),  # both would be `act`
        ((), []),
    ],
)
def test_names_lose_the_end_that_all_share(sites: tuple[str, ...], names: list[str]) -> None:
    assert list(ProbeSummary({}, sites, ()).site_names.values()) == names


def test_shares_are_counts_over_sizes(probes: ProbeSummary) -> None:
    dead = probes.share("relu", "dead")
    assert dead.shape == (3, 5)  # sites, snapshots
    assert dead[2].tolist() == [0, 0.25, 0.25, 0.25, 0.25]
    assert (dead[:2] == 0).all()
    assert probes.share("relu", "nearly")[2, 1] == 33 / 128
    assert probes.total_share("relu", "dead").tolist() == [32 / (5408 + 1600 + 128)] * 5
    died, revived = probes.turnover("relu")
    assert (died.tolist(), revived.tolist()) == ([32] * 5, [0] * 5)


def test_sizes_may_be_in_every_snapshot_and_zeros_written(tmp_path: Path, probes: ProbeSummary) -> None:
    """Records have sizes in the first snapshot alone and no counts of 0; others are read alike."""
    study = Study(activation=FOUR, epochs=4)

    def lengthen(content: Json) -> None:
        first, *_ = snapshots = snapshots_of(content)
        for snapshot in snapshots:
            for name, site in snapshot["sites"].items():
                sizes = {key: first["sites"][name][key] for key in ("units", "channels", "values")}
                site |= {**dict.fromkeys(COUNTS, 0), **sizes, **site}

    longer = changed(tmp_path, study, lengthen)
    for count in SIZE_OF:
        assert np.array_equal(longer.share("relu", count), probes.share("relu", count))
        assert np.array_equal(longer.total_share("elu", count), probes.total_share("elu", count))
    assert longer.turnover("relu")[0].tolist() == probes.turnover("relu")[0].tolist()


def test_the_index_across_depth_is_a_power_of_ten(probes: ProbeSummary, tmp_path: Path) -> None:
    assert probes.depth_index("elu").tolist() == pytest.approx([np.log10(0.02 / 0.4)] * 5)
    assert probes.depth_index("elu", START) == pytest.approx(probes.depth_index("elu", END))

    def stop(content: Json) -> None:
        for snapshot in snapshots_of(content):
            snapshot["layers"]["blocks.0.conv"][0] = 0.0

    none = changed(tmp_path, Study(activation="elu", epochs=2, seed=0), stop)
    assert none.depth_index("elu").tolist() == [-np.inf]
    assert np.isnan(none.log_gradient("elu", END)[0])

    def stop_all(content: Json) -> None:
        for snapshot in snapshots_of(content):
            for norms in snapshot["layers"].values():
                norms[0] = 0.0

    nothing = changed(tmp_path / "all", Study(activation="elu", epochs=2, seed=0), stop_all)
    assert np.isnan(nothing.depth_index("elu")).all()


def test_gradients_are_powers_of_ten_per_layer(probes: ProbeSummary) -> None:
    norms = 10 ** probes.log_gradient("elu", END)
    assert norms == pytest.approx(np.array([0.02, 0.1, 0.4]) / 5)


def test_histograms_are_shares_at_the_start_and_at_the_end(probes: ProbeSummary) -> None:
    shares = probes.histograms("relu")
    assert shares.shape == (2, 2, 3, 24)
    assert shares.sum(axis=-1) == pytest.approx(np.ones((2, 2, 3)))
    assert not np.array_equal(shares[START, 0], shares[END, 0])


def test_the_variance_of_inputs_is_a_mean_over_runs(records: StudyRecords, probes: ProbeSummary) -> None:
    variances = probes.input_variance("relu")
    assert variances.shape == (3, 5)
    expected = []
    for run in records:
        if run.arm == "relu":
            assert run.probes is not None
            expected.append(run.probes.inputs[-1, run.probes.sites.index("activation"), 1])
    assert variances[2, END] == pytest.approx(np.mean(expected))


def test_values_that_are_not_finite_are_left_out_of_means() -> None:
    values = np.array([[1.0, np.nan, np.inf], [3.0, np.nan, 2.0]])
    assert mean_of_finite(values).tolist()[::2] == [2.0, 2.0]
    assert np.isnan(mean_of_finite(values)[1])


def test_values_that_were_not_finite_leave_holes(tmp_path: Path) -> None:
    def spoil(content: Json) -> None:
        for snapshot in snapshots_of(content):
            snapshot["sites"]["activation"] |= {"in": [None, None], "gradient": None}
            snapshot["layers"]["blocks.0.conv"] = [0.0, None, 0.1]

    spoilt = changed(tmp_path, Study(activation=("relu", "prelu"), epochs=2, seed=(0, 1)), spoil)
    assert np.isneginf(spoilt.depth_index("relu")).all()
    assert np.isnan(spoilt.input_variance("relu")[2]).all()
    assert np.isfinite(spoilt.input_variance("relu")[:2]).all()


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "none"), (0.12, "12 %"), (0.034, "3.4 %"), (0.0002, "0.02 %"), (1e-6, "< 0.01 %"), (1, "100 %"),
     (0.0996, "10 %"), (float("nan"), "–")],
)  # fmt: skip
def test_shares_in_words(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(("value", "text"), [(0.42, "+0.4"), (-1.23, "−1.2"), (-np.inf, "−∞"), (np.nan, "–")])
def test_indices_in_words(value: float, text: str) -> None:
    assert signed_index(value) == text


def test_diverged_runs_are_left_out(tmp_path: Path) -> None:
    study = Study(activation=("relu", "elu"), epochs=4)
    lost: dict[Any, int] = {("relu", 0): 3, **{("elu", seed): 1 for seed in range(5)}}
    summary = one_setting(study_records(tmp_path, study, lost)).probes
    assert summary.runs("relu") == 4
    assert summary.arms == ("relu",)


def test_runs_of_different_lengths_are_averaged_where_they_have_values(tmp_path: Path) -> None:
    """A run that stopped early has fewer snapshots."""
    study = Study(activation="relu", epochs=4, seed=(0, 1), patience=1)

    def stop(content: Json) -> None:
        if content["run"]["seed"] == 1:
            content["epochs"], content["stopped"] = content["epochs"][:2], 2

    summary = changed(tmp_path, study, stop)
    assert summary.share("relu", "dead").shape == (3, 5)
    assert summary.share("relu", "dead")[2].tolist() == [0, 0.25, 0.25, 0.25, 0.25]
    assert len(summary.total_share("relu", "dead")) == 2


def test_records_without_probes_have_none(tmp_path: Path) -> None:
    summary = changed(tmp_path, Study(activation=FOUR, epochs=2, seed=0), without_probes)
    assert summary.arms == ()
    assert (summary.sites, summary.layers, summary.inputs) == ((), (), 0)


def test_records_of_both_kinds_stand_side_by_side(tmp_path: Path) -> None:
    summary = changed(tmp_path, Study(activation=FOUR, epochs=2, seed=0), without_probes, "relu")
    assert summary.arms == FOUR[1:]


def test_a_trained_record_is_read_back_to_the_number(tmp_path: Path) -> None:
    study = Study(activation=("relu", "prelu"), model="convnet(dropout=0.15)", lr=0.002, epochs=1, seed=0)
    study_folder(tmp_path, study)
    stored = {}
    for run in study.runs():
        stored[run.activation] = trained(run, digits(64)).record()
        Store(tmp_path / "runs").add(run.key, stored[run.activation].model_copy(update={"environment": "0"}))
    summary = one_setting(StudyRecords.read(tmp_path)).probes
    first = stored["relu"].start
    assert first is not None
    assert summary.sites == tuple(first.sites)  # in the order in which the probes met them
    assert summary.layers == ("blocks.0.conv", "blocks.1.conv", "blocks.2.conv", "hidden", "output")
    site = first.sites["blocks.0.activation"]
    assert site.units
    assert summary.share("relu", "dead")[0, 0] == site.dead / site.units
    learned = stored["prelu"].start
    assert learned is not None
    assert learned.sites["activation"].learned == [0.25]
