"""The figure of quality against training time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from reluctant.figures.letters import any_script
from reluctant.figures.quality import efficient, points_of, quality
from reluctant.records.study_results import Results

from reluctant.core.errors import StudyError
from reluctant.figures import sheet, style
from reluctant.figures.inline import png, svg
from reluctant.records.store import Store
from reluctant.study import Study
from tests.figures.test_figures import FOUR, HOSTILE, MANY, outside, texts
from tests.support import records


def dots(figure: Figure, markers: str = "oD") -> int:
    return sum(str(line.get_marker()) in markers for axes in figure.axes for line in axes.lines)


def study(path: Path, arms: Mapping[str, tuple[float, float]], **more: Any) -> Results:
    """Results of made-up runs: per activation its seconds per epoch and its accuracy."""
    planned = Study(activation=tuple(arms), **{"epochs": 3, **more})
    records.folder(path, planned, skip=planned.size)
    for run in planned.runs():
        seconds, accuracy = arms[run.activation]
        record = records.record(run, accuracy=accuracy)
        for epoch in record["epochs"]:
            epoch["seconds"]["train"] = seconds * (9 if epoch["epoch"] == 1 else 1 + 0.01 * int(run.seed))
        Store(path / "runs").add(run.key, record)
    return Results.read(path)


ARMS = dict(zip(FOUR, [(3.0, 0.6), (2.0, 0.8), (4.0, 0.95), (5.0, 0.7)], strict=True))
CROWD = {name: (2 + 0.1 * (i % 7), 0.5 + 0.01 * i) for i, name in enumerate(MANY)}


@pytest.fixture(scope="module", params=["four", "forty", "hostile", "one"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A study of three seeds."""
    arms = {
        "four": ARMS,
        "forty": CROWD,
        "hostile": dict.fromkeys(HOSTILE, (3.0, 0.9)),
        "one": {"relu": (1.0, 0.9)},
    }
    return study(tmp_path_factory.mktemp("arms"), arms[request.param], seed=(0, 1, 2), epochs=1)


class TestQuality:
    @pytest.mark.parametrize(
        ("times", "scores", "front"),
        [
            ([1, 2, 3], [0.1, 0.2, 0.3], [True, True, True]),
            ([1, 2, 3], [0.3, 0.2, 0.1], [True, False, False]),
            ([1, 1, 2, 2], [0.1, 0.2, 0.2, 0.3], [False, True, False, True]),
            ([1, 1], [0.1, 0.1], [True, True]),
            ([5], [0.0], [True]),
            ([], [], []),
        ],
    )
    def test_the_front_by_hand(self, times: list[float], scores: list[float], front: list[bool]) -> None:
        assert efficient(times, scores) == front
        assert efficient(times, [-s for s in scores], higher=False) == front

    def test_time_and_score_are_means_over_seeds(self, tmp_path: Path) -> None:
        results = study(tmp_path, ARMS)
        relu, leaky, elu, gelu = points_of(results, "accuracy")
        assert relu.time.mean == pytest.approx(
            3.0 * 1.02
        )  # medians of an epoch: the slow first one is no matter
        assert relu.score == results.interval("accuracy", "relu")
        assert [p.front for p in (relu, leaky, elu, gelu)] == [False, True, True, False]

    def test_the_front_is_drawn(self, tmp_path: Path) -> None:
        figure = quality(study(tmp_path, ARMS), "accuracy")
        (axes,) = figure.axes
        (line,) = [line for line in axes.lines if line.get_gid() == "front"]
        drawn = np.asarray(line.get_xydata(), float)
        right, bottom = axes.get_xlim()[1], axes.get_ylim()[0]
        _, leaky, elu, _ = points_of(Results.read(tmp_path), "accuracy")
        (x, y), (later, higher) = ((p.time.mean, p.score.mean) for p in (leaky, elu))
        corners = [(x, bottom), (x, bottom), (x, y), (later, y), (later, higher), (right, higher)]
        assert drawn == pytest.approx(np.array(corners))

    @pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
    @pytest.mark.parametrize("metric", ["f1", "loss"])
    def test_it_is_whole(self, found: Results, metric: str, width: float) -> None:
        figure = quality(found, metric, width=width)
        assert png(figure).startswith(b"\x89PNG")
        with any_script():
            assert outside(figure) == []
        assert dots(figure, "o") == len(found.activations)
        assert svg(figure) == svg(quality(Results.read(found.folder or ""), metric, width=width))
        head = sheet.head_of(figure)
        assert "mean of 3 seeds" in head.said
        assert "under five seeds" in head.said
        assert "not MNIST" in head.said
        assert "against training time" in head.title

    def test_every_name_can_be_read(self, tmp_path: Path) -> None:
        few = texts(quality(study(tmp_path / "few", ARMS)))
        assert {"ReLU", "LeakyReLU 0.002", "ELU", "GELU"} <= set(few)
        many = texts(quality(study(tmp_path / "many", CROWD, seed=0, epochs=1)))
        assert {f"LeakyReLU {i / 100:g}" for i in range(2, 42)} <= set(many)
        assert {str(rank) for rank in range(1, 41)} <= set(many)

    def test_one_seed_has_no_interval(self, tmp_path: Path) -> None:
        figure = quality(study(tmp_path, ARMS, seed=0))
        assert "one seed: no interval" in sheet.head_of(figure).said
        assert sum(np.size(line.get_xdata()) > 1 for line in figure.axes[0].lines) == 1  # the front alone

    def test_what_diverged_is_left_out_and_said(self, tmp_path: Path) -> None:
        planned = Study(activation=FOUR, epochs=3)
        records.folder(tmp_path, planned)
        for run in planned.runs():
            if run.activation == "elu" or (run.activation, run.seed) == ("gelu", 0):
                Store(tmp_path / "runs").add(run.key, records.record(run, diverged=2))
        figure = quality(Results.read(tmp_path))
        said = sheet.head_of(figure).said
        assert "6 of 20 runs diverged and are left out" in said
        assert "1 activation without a finished run" in said
        assert "mean of 4 to 5 seeds" in said
        assert dots(figure, "o") == 3

    def test_nothing_finished_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "study.toml").write_text(Study(activation=FOUR).to_toml(), "utf-8")
        assert "There is no finished run yet." in texts(quality(Results.read(tmp_path)))

    def test_more_settings_than_one_are_refused(self, tmp_path: Path) -> None:
        results = study(tmp_path, ARMS, lr=(0.1, 0.01), seed=0)
        with pytest.raises(StudyError, match="varies lr; draw one setting at a time"):
            quality(results)
        assert quality(results.at(results.settings[0])).axes
