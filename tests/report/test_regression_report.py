"""What reads records of predicted numbers: figures, page, tables, sentences, claims and files."""

import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reluctant.analysis.comparison.images import image_variance
from reluctant.analysis.comparison.inputs import item, items
from reluctant.records.study_results import Results
from reluctant.report.classes import taken_for

from reluctant import figures
from reluctant.analysis.claims import Finding, judged
from reluctant.analysis.comparison import compare, sentence, unit_of
from reluctant.analysis.summary import summary
from reluctant.cli.main import DONE, execute
from reluctant.figures.curves import four
from reluctant.figures.predicted import DOTS, of_test
from reluctant.figures.style import possible
from reluctant.report import render, tables
from reluctant.report.export import export
from reluctant.study import Claim
from tests.support import regressed

AHEAD = "GELU and tanh are better than ReLU by "


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return regressed.folder(tmp_path_factory.mktemp("numbers") / "study")


@pytest.fixture(scope="module")
def page(found: Results) -> str:
    return render(found)


def plain(html: str) -> str:
    """The words of a page, those within figures among them."""
    body = html[html.index("<body") :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def written(figure: object) -> str:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    assert isinstance(figure, Figure)
    found = (text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))
    return " ".join(" ".join(found).split())


def test_no_image_is_spoken_of_where_rows_are_read(page: str) -> None:
    words = plain(page)
    assert re.findall(r".{30}\b[Ii]mages?\b.{30}", words) == []
    assert "the test rows" in words
    assert "Rows 200 to train on, 200 held out for choices (validation), 200 test rows to report on" in words


def test_nothing_of_classification_is_on_the_page(page: str) -> None:
    words = plain(page)
    for absent in ("Accuracy", "Macro", "F1", "onfusion", "nats", "points", "what was taken for what"):
        assert absent not in words, absent
    for present in ("R²", "RMSE", "MAE", "predicted against true", "units of the target"):
        assert present in words, present


def test_remarks_on_the_data_stand_beside_the_study_and_do_not_act(page: str) -> None:
    study = page[page.index('id="study"') : page.index('id="network"')]
    assert "The column &lt;b&gt;age&lt;/b&gt; was filled in with its median." in study


def test_the_word_for_the_inputs_is_that_of_the_data(found: Results) -> None:
    assert (items(found), item(found)) == ("rows", "row")
    plain_ = Results(found.study, found.results)
    assert (items(plain_), item(plain_)) == ("images", "image")


def test_several_data_sets_with_several_words_are_inputs(found: Results, tmp_path: Path) -> None:
    second = {**regressed.described(), "sha256": "2" * 64, "items": "signals"}
    both = Results(found.study, (), data={**found.data, "2" * 64: second})
    assert items(both) == "inputs"


def test_final_scores_have_four_digits_in_the_targets_units(found: Results) -> None:
    table = tables.final(found)
    assert table.caption == "Final scores on the test rows"
    assert table.columns[2:6] == ("R²\u00a0*", "RMSE", "MAE", "Evaluation loss")
    r2, rmse, mae, loss = (re.match(r"[\d.]+", cell) for cell in table.rows[0][2:6])
    assert [len(m[0].partition(".")[2]) for m in (r2, rmse, mae, loss) if m] == [4, 2, 2, 4]
    assert float(rmse[0]) == pytest.approx(found.interval("rmse", "relu").mean, abs=0.005) if rmse else False


@pytest.mark.parametrize(
    ("scale", "decimals"), [(1e-7, 6), (0.001, 5), (0.1, 3), (1.0, 2), (100.0, 0), (1e5, 0)]
)
def test_decimals_follow_the_size_of_the_scores(tmp_path: Path, scale: float, decimals: int) -> None:
    found = regressed.folder(tmp_path / "s", seed=[0], activation=["relu"], epochs=1)
    for result in found:
        result.counts["test"][:, 1, :] *= scale
        result.counts["test"][:, 2, :] *= scale**2
    assert unit_of(found, "rmse").score == decimals
    assert unit_of(found, "r2").score == 4


def test_differences_of_r2_are_numbers_and_of_rmse_the_targets_units(found: Results) -> None:
    (by_r2,), (by_rmse,) = compare(found), compare(found, metric="rmse")
    assert re.search(AHEAD + r"0\.\d{4}–0\.\d{4} of R²", sentence(by_r2, _label))
    assert re.search(AHEAD + r"\d+\.\d\d–\d+\.\d\d of RMSE", sentence(by_rmse, _label))
    assert by_r2.unit.margin(0.01) == "±0.01"
    assert "share of variance explained" in written(figures.differences(by_r2))
    assert "(units of the target)" in written(figures.differences(by_rmse))
    (by_loss,) = compare(found, metric="loss")
    assert "squared deviations of loss" in sentence(by_loss, _label)


def _label(name: str) -> str:
    return {"relu": "ReLU", "gelu": "GELU"}.get(name, name)


def test_other_test_rows_are_accounted_for(found: Results) -> None:
    (comparison,) = compare(found)
    assert all(contrast.both is not None for contrast in comparison.family)
    said = sentence(comparison)
    assert "other test rows alike." in said or "with other test rows in mind it is open." in said
    variance = image_variance(found, "gelu", "relu", "r2", 50)
    assert variance == pytest.approx(_jackknifed(found), rel=1e-6)


def _jackknifed(found: Results) -> float:
    """The variance by its definition: every group of rows left out in turn, R² computed anew."""
    true = regressed.targets()[:, 0]
    group = np.arange(len(true)) % 50
    gaps = []
    for left in range(50):
        kept = group != left
        r2 = {
            name: np.mean([_r2(true[kept], r.predictions[kept, 0]) for r in found.of(name)])
            for name in ("gelu", "relu")
        }
        gaps.append(r2["gelu"] - r2["relu"])
    return float(49 / 50 * np.sum((np.array(gaps) - np.mean(gaps)) ** 2))


def _r2(true: "np.typing.NDArray[np.float64]", guessed: "np.typing.NDArray[np.float64]") -> float:
    return float(1 - np.sum((true - guessed) ** 2) / np.sum((true - true.mean()) ** 2))


def test_the_four_curves_are_those_of_numbers(found: Results) -> None:
    assert [name for name, _, _ in four(found)] == ["r2", "mae", "loss", "loss"]
    figure = figures.training_curves(found, "gelu")
    said = written(figure)
    for panel in ("R² share of variance", "MAE units of the target", "Training loss squared deviations"):
        assert all(part in said for part in panel.split(" ", 1))
    assert "the test rows" in said
    r2, mae = figure.axes[:2]
    assert r2.get_ylim()[1] <= 1.1 < mae.get_ylim()[0]
    assert mae.get_yticklabels()[0].get_text() != ""
    assert tables.four(found, "gelu").columns == ("Epoch", "R²", "MAE", "Training loss", "Evaluation loss")


@pytest.mark.parametrize("width", [7.3, 3.4])
def test_panels_of_curves_do_not_overlap(found: Results, width: float) -> None:
    boxes = [axes.get_position() for axes in figures.training_curves(found, "relu", width=width).axes]
    assert len(boxes) == 4
    for i, one in enumerate(boxes):
        assert one.x0 > 0
        assert one.x1 < 1
        assert not any(one.overlaps(other) for other in boxes[:i])


def test_r2_may_lie_below_nothing_and_never_above_one() -> None:
    low, high = possible(-3.0, 2.0, "share of variance explained")
    assert low == -3.0
    assert 1 < high < 1.2


def test_predicted_against_true_shows_every_seed(found: Results) -> None:
    ((true, guessed),) = of_test(found, "gelu")
    assert len(true) == 3 * regressed.ROWS
    np.testing.assert_array_equal(true[: regressed.ROWS], regressed.targets()[:, 0])
    assert np.std(guessed - true) == pytest.approx(40, rel=0.1)
    figure = figures.predicted(found, "gelu")
    (axes,) = figure.axes
    assert axes.get_xlim() == axes.get_ylim()
    (line,) = [each for each in axes.lines if each.get_gid() == "equal"]
    assert np.asarray(line.get_xydata()).tolist() == [[end, end] for end in axes.get_xlim()]
    (dots,) = [each for each in axes.lines if each.get_gid() != "equal"]
    assert len(np.asarray(dots.get_xdata())) == len(true)
    said = written(figure)
    assert f"R² {found.interval('r2', 'gelu').mean:.4f}" in said
    assert f"RMSE {found.interval('rmse', 'gelu').mean:.2f}" in said


def test_many_numbers_become_squares_that_count_all(tmp_path: Path) -> None:
    found = regressed.folder(tmp_path / "s", rows=DOTS + 500, seed=[0], activation=["relu"], epochs=1)
    (axes,) = figures.predicted(found, "relu").axes
    assert len(axes.lines) == 1
    assert 1 < len(axes.patches) <= 5


def test_several_outputs_have_panels_of_their_own(tmp_path: Path) -> None:
    found = regressed.folder(tmp_path / "s", outputs=5, seed=[0], activation=["relu"], epochs=1)
    figure = figures.predicted(found, "relu", width=3.4)
    assert len(figure.axes) == 4
    assert "the first 4 of 5 outputs" in written(figure)
    table = taken_for(found, "relu")
    assert table.columns[0] == "Output"
    assert len(table.rows) == 5 * 10


def test_numbers_in_ten_steps(found: Results) -> None:
    table = taken_for(found, "relu")
    assert len(table.rows) == 10
    assert sum(int(row[-1]) for row in table.rows) == 3 * regressed.ROWS
    assert float(table.rows[0][0].replace("−", "-")) == pytest.approx(regressed.targets().min(), abs=0.01)
    means = [float(row[2]) for row in table.rows]
    assert means == sorted(means)


def test_what_was_not_kept_is_said(found: Results, tmp_path: Path) -> None:
    without = Results(found.study, found.results)
    assert "The true numbers were not kept." in written(figures.predicted(without, "relu"))
    assert taken_for(without, "relu").rows == ()
    lost = regressed.folder(tmp_path / "s", lost=1)
    assert "diverged" in written(figures.predicted(lost, "tanh"))
    only = regressed.folder(tmp_path / "t", activation=["tanh"], seed=[1], lost=1)
    assert "No run ended with finite numbers." in written(figures.predicted(only, "tanh"))
    assert "diverged" in plain(render(only))


@pytest.mark.parametrize(
    ("metric", "of", "extreme", "expected"),
    [
        ("r2", "gelu", "highest", Finding.SUPPORTED),
        ("rmse", "gelu", "lowest", Finding.SUPPORTED),
        ("mae", "relu", "lowest", Finding.CONTRADICTED),
    ],
)
def test_claims_about_numbers(
    found: Results, metric: str, of: str, extreme: str, expected: Finding, tmp_path: Path
) -> None:
    claim = Claim.model_validate({"says": "so", "metric": metric, "of": of, "is": extreme})
    study = found.study.model_copy(update={"claim": (claim,)})
    (judgement,) = judged(Results(study, found.results, data=found.data))
    assert judgement.finding == expected
    assert judgement.unit == ("share of variance explained" if metric == "r2" else "units of the target")


def test_files_hold_the_metrics_of_the_task_alone(found: Results, tmp_path: Path) -> None:
    for frame in (pd.read_csv(export(found, tmp_path / "a.csv")),
                  pd.read_parquet(export(found, tmp_path / "a.parquet"))):  # fmt: skip
        assert list(frame.columns[-4:]) == ["r2", "rmse", "mae", "loss"]
        assert not {"accuracy", "f1"} & set(frame.columns)
    assert "| R² ± 95 % |" in export(found, tmp_path / "a.md").read_text("utf-8")
    assert r"& R$^2$ $\pm$ 95 \% &" in export(found, tmp_path / "a.tex").read_text("utf-8")


def test_the_command_line_tells_numbers(
    found: Results, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")

    def told(*arguments: str) -> str:
        assert execute([*arguments]) == DONE
        return " ".join(capsys.readouterr().out.split())

    folder = str(found.folder)
    assert "other test rows" in told("compare", folder)
    assert re.search(
        r"gelu +3 +\d\d\.\d\d ± \d\.\d\d +-\d\.\d\d ", told("compare", folder, "--metric", "rmse")
    )
    assert "9 of 9 runs finished" in told("status", folder)


def test_one_line_each(found: Results) -> None:
    told = summary(found, "rmse")
    assert told["worst"]["gelu"] == max(found.values("rmse", "gelu"))


def test_the_page_is_the_same_again(found: Results, page: str) -> None:
    assert render(found) == page
    assert "nan" not in plain(page).lower().split()
