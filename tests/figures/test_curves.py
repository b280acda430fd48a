"""Curves over the epochs: they are the means of the records, with a band that the notes explain."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from reluctant import figures
from reluctant.analysis.setting_data import SettingData
from reluctant.figures import sheet, style
from reluctant.figures.curves import FOUR as FOUR_CURVES
from tests.support.figures import notes

Setting = Callable[[str], SettingData]


def test_the_curves_are_the_means_of_the_records(setting: Setting) -> None:
    data = setting("some diverged")
    figure = figures.training_curves(data, "elu")
    runs = [run for run in data.scores.of("elu") if run.diverged is None]
    assert len(runs) == 3
    for axes, (name, split, _) in zip(figure.axes, FOUR_CURVES, strict=True):
        line = np.asarray(axes.lines[-1].get_ydata(), float)
        assert line == pytest.approx(np.mean([run.curve(name, split) for run in runs], axis=0))
        interval = data.scores.interval(name, "elu", split)
        assert interval.low is not None
        vertices = np.asarray(axes.collections[-1].get_paths()[0].vertices, float)
        assert vertices[:, 1][vertices[:, 0] == 6].min() == pytest.approx(interval.low)
        assert vertices[:, 1][vertices[:, 0] == 6].max() == pytest.approx(interval.high)


def test_a_band_is_computed_once_for_each_split(setting: Setting) -> None:
    data = setting("four")
    train, test = data.band("loss", "elu", "train"), data.band("loss", "elu", "test")
    assert data.band("loss", "elu", "train") is train
    assert not np.array_equal(train.mean, test.mean)


@pytest.mark.parametrize(
    ("study", "parts"),
    [
        ("four", ["mean of 5 seeds, band: 95 % interval of the mean"]),
        ("one seed", ["one seed: no interval"]),
        ("two epochs", ["mean of 2 seeds", "under five seeds"]),
        ("some diverged", ["mean of 3 seeds", "2 of 5 runs diverged and are left out"]),
        ("all diverged", ["no finished run", "2 of 2 runs diverged"]),
    ],
)
def test_the_notes_explain_the_band(setting: Setting, study: str, parts: list[str]) -> None:
    text = notes(figures.training_curves(setting(study), "elu"))
    for part in [*parts, "precision averaged over classes", "all curves except the training loss: on the test images"]:
        assert part in text


def test_one_seed_has_no_band(setting: Setting) -> None:
    figure = figures.score_by_epoch(setting("one seed"))
    assert not any(axes.collections for axes in figure.axes)


def test_axes_end_where_values_end(setting: Setting) -> None:
    data = setting("two epochs")  # the intervals of two seeds reach far beyond
    for metric in ("f1", "loss"):
        for draw in (figures.score_by_epoch, figures.final_scores):
            for axes in draw(data, metric).axes:
                low, high = axes.get_xlim() if draw is figures.final_scores else axes.get_ylim()
                room = 0.05 * (high - low)
                assert low >= -room if metric == "loss" else high <= 1 + room


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
def test_panels_of_curves_do_not_overlap(setting: Setting, width: float) -> None:
    figure = figures.training_curves(setting("four"), "relu", width=width)
    boxes = [axes.get_position() for axes in figure.axes]
    assert len(boxes) == 4
    for i, one in enumerate(boxes):
        assert one.x0 > 0
        assert one.x1 < 1
        assert not any(one.overlaps(other) for other in boxes[:i])


@pytest.mark.parametrize(("epochs", "ticks"), [(1, [1]), (8, [1, 4, 6, 8]), (10, [1, 4, 6, 8, 10]),
                                               (100, [1, 20, 40, 60, 80, 100])])  # fmt: skip
def test_ticks_of_epochs_are_whole_numbers(epochs: int, ticks: list[int]) -> None:
    axes = Figure().add_axes((0, 0, 1, 1))
    sheet.epoch_axis(axes, epochs)
    assert list(axes.get_xticks()) == ticks
