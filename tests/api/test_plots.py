"""Plots in a notebook: panels of settings, dead units, activations alone, the table while runs train."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

import reluctant
from reluctant.api.live_table import MOST_ROWS, table_html
from reluctant.api.progress import ProgressBoard
from reluctant.api.results import Results
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.engines import Done, Epoch, Started
from reluctant.study import Run, Study
from tests.support.records import record, study_folder

GRID = Study(
    activation=["relu", "elu"], seed=[0, 1, 2], epochs=2, lr=[0.1, 0.01], optimizer=["sgd", "adam"], model="mlp"
)


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return Results.read(study_folder(tmp_path_factory.mktemp("grid"), GRID))


@pytest.mark.parametrize("kind", ["scores", "dead", "differences", "rate"])
def test_settings_are_panels(grid: Results, kind: str) -> None:
    figure = grid.plot(kind, width=4)
    titles = [text.get_text() for text in figure.texts]
    expected = ["optimizer = sgd", "optimizer = adam"]
    if kind != "rate":
        expected = [f"{o}, lr = {lr}" for lr in (0.1, 0.01) for o in expected]
    assert sorted(titles) == sorted(expected)
    assert len(figure.axes) == len(titles)
    assert figure.get_size_inches()[0] == pytest.approx(4, abs=0.4)
    label = str(figure.get_label())
    assert all(title in label for title in titles)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_a_setting_chooses_some_panels_or_one_figure(grid: Results) -> None:
    some = grid.plot("scores", setting={"lr": 0.1}, width=4)
    assert [text.get_text() for text in some.texts] == ["optimizer = sgd, lr = 0.1", "optimizer = adam, lr = 0.1"]
    one = grid.plot("scores", setting={"lr": 0.1, "optimizer": "sgd"}, width=4)
    assert "Macro F1 after the last epoch" in [text.get_text() for text in one.texts]
    rate = grid.plot("rate", setting={"optimizer": "adam"})
    assert any("against learning rate" in text.get_text() for text in rate.texts)
    with pytest.raises(StudyError, match="the study has no setting with lr = 7; give one, such as"):
        grid.plot("scores", setting={"lr": 7})


def test_activations_are_drawn_without_training() -> None:
    def squash(x: torch.Tensor) -> torch.Tensor:
        return x / (1 + x.abs())

    figure = reluctant.plot(["relu", squash, "swiglu"], width=5)
    assert isinstance(figure, Figure)
    assert "ReLU, squash, SwiGLU" in str(figure.get_label())
    tops = [float(np.max(np.asarray(line.get_ydata(), float))) for line in figure.axes[0].lines]
    assert max(tops) == pytest.approx(5.0)
    assert any("no curve" in text.get_text() for text in figure.axes[2].texts)
    with pytest.raises(ReluctantError, match="did you mean 'gelu'"):
        reluctant.plot(["gelo"])


def test_the_table_while_runs_train_has_a_row_for_each_and_escapes_names() -> None:
    runs = [Run("relu", seed=0, epochs=2), Run("my:<b>", seed=1, epochs=2)]
    board = ProgressBoard(runs)
    assert "<progress></progress>" in table_html(board)
    first, second = (Epoch(runs[0], each) for each in record(runs[0]).epochs)
    events: list[Any] = [Started(runs[0]), first, second, Done(runs[0], record(runs[0]))]
    for event in events:
        board.update(event)
    html = table_html(board)
    assert '<progress value="0.500">' in html
    assert html.count("<tr") == 3
    assert "&lt;b&gt;" in html
    assert "done" in html
    many = ProgressBoard([Run("relu", seed=seed) for seed in range(50)])
    assert table_html(many).count("<tr") == MOST_ROWS + 1
    assert "38 more runs" in table_html(many)


def test_plots_of_results_are_listed_for_a_mistyped_one(grid: Results, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="there is no plot 'deads'; did you mean 'dead'"):
        grid.plot("deads")
