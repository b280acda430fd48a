"""The report's verdicts and claims: every sign on the page, nothing said that the runs do not show."""

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reluctant.figures.labels import classes
from reluctant.records.study_results import Results
from reluctant.report.claimed import claimed, notes
from reluctant.report.headline import sentence
from reluctant.report.verdicts import compared

from reluctant import figures, report
from reluctant.analysis.comparison import Comparison, compare
from reluctant.figures.differences import SIGNS, deciding
from reluctant.records.store import Store
from reluctant.report import words
from reluctant.report.pictures import Studio
from reluctant.statistics import Verdict
from reluctant.study import Run, Study
from tests.figures.test_figures import HOSTILE, outside, texts
from tests.report.test_report import EVIL, Seen
from tests.support import records

IMAGES = 1000
LABELS = np.arange(IMAGES) % 10
LEVEL = {"relu": 0.9, "leaky_relu(negative_slope=0.002)": 0.9, "elu": 0.95, "gelu": 0.85, "tanh": 0.91}
Level = Callable[[Run], float]


def of(run: Run) -> float:
    return LEVEL.get(run.activation, 0.9)


def written(
    path: Path, study: Study, level: Level = of, *, noise: dict[str, float] | None = None, valid: Level = of
) -> Results:
    """Results whose runs end at exactly `level` on the test images, give or take an activation's noise."""
    records.folder(path, study, skip=study.size)
    for run in study.runs():
        name = run.activation
        rng = np.random.default_rng([int(run.seed), zlib.crc32(name.encode())])
        common = np.random.default_rng(int(run.seed)).normal(0, 0.003)
        held = records.record(run, accuracy=0.8, images=IMAGES)
        right = level(run) + common + rng.normal(0, (noise or {}).get(name, 0.001))
        last, predicted = held["epochs"][-1], wrong_from(right)
        last["confusion"]["test"] = counts(predicted)
        last["confusion"]["valid"] = counts(wrong_from(valid(run)))
        last["loss"]["test"] = 2 * (1 - right)
        held["test_predictions"] = base64.b64encode(bytes(predicted.tolist())).decode()
        Store(path / "runs").add(run.key, held)
    (path / "data").mkdir(exist_ok=True)
    (path / "data" / "1.json").write_text(json.dumps(described()), "utf-8")
    return Results.read(path)


def described() -> dict[str, Any]:
    return {
        "name": "digits",
        "sha256": "1" * 64,
        "classes": [f"class {i}" for i in range(10)],
        "images": {"train": 11, "valid": 12, "test": IMAGES},
        "test_labels": base64.b64encode(bytes(LABELS.tolist())).decode(),
    }


def wrong_from(right: float) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Predictions of which this share is right, the wrong ones spread over the images."""
    order = np.random.default_rng(0).permutation(IMAGES)
    predicted = LABELS.copy()
    wrong = order[round(right * IMAGES) :]
    predicted[wrong] = (predicted[wrong] + 1) % 10
    return predicted


def counts(predicted: np.ndarray[Any, np.dtype[np.int64]]) -> list[list[int]]:
    return np.bincount(LABELS * 10 + predicted, minlength=100).reshape(10, 10).tolist()


def only(results: Results) -> Comparison:
    (found,) = compare(results)
    return found


def grow(folder: Path) -> None:
    line = {"date": "2026-01-01", "looked": True, "changed": {"seed": [[0], [0, 1]]}}
    (folder / "history.jsonl").write_text(json.dumps(line) + "\n", "utf-8")


STUDY = Study(name="five", activation=tuple(LEVEL), epochs=2, seed=tuple(range(6)), compare={"margin": 0.005})
NOISE = {"tanh": 0.02}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A study with a better, a worse, a same and an undecided activation."""
    return written(tmp_path_factory.mktemp("five"), STUDY, noise=NOISE)


@pytest.fixture(scope="module")
def page(results: Results) -> str:
    return report.render(results)


# Verdicts.


@pytest.mark.parametrize("verdict", [v for v in Verdict if v != Verdict.NONE])
def test_every_verdict_has_its_sign(results: Results, page: str, verdict: Verdict) -> None:
    assert verdict in {c.verdict for c in only(results).family}
    assert f"{SIGNS[verdict]} {verdict}" in Seen(page).text
    assert any(text == f"{SIGNS[verdict]} {verdict}" for text in texts(figures.differences(only(results))))


def test_signs_differ_in_form() -> None:
    assert len(set(SIGNS.values())) == len(Verdict)


def test_the_verdicts_stand_first_after_the_sentence(page: str) -> None:
    assert page.index('class="headline"') < page.index('id="verdicts"') < page.index('id="scores"')


def test_the_table_holds_the_comparison(results: Results) -> None:
    found = only(results)
    table = compared((found,), Studio(None))[0].verdicts
    assert table.rows[0][:2] == ("ReLU", "the baseline")
    for row, contrast in zip(table.rows[1:], found.family, strict=True):
        assert row[1].startswith(f"{SIGNS[contrast.verdict]} {contrast.verdict}\n")
        assert row[2].startswith(f"{100 * contrast.difference.mean:+.2f}".replace("-", "−"))
        low, high = found.ranks[contrast.activation]
        assert row[5] == (f"{low}–{high}" if low < high else str(low))
        assert row[6] == "6"
        if contrast.decision.further is not None:
            assert row[4] == "{}–{}".format(*contrast.decision.further)


def test_the_pairs_mirror_each_other(results: Results, page: str) -> None:
    table = compared((only(results),), Studio(None))[0].pairs
    assert table is not None
    cells = [row[1:] for row in table.rows]
    signs = [[cell.partition("\n")[0] for cell in row] for row in cells]
    assert all(signs[i][i] == "" for i in range(5))
    assert signs[2][0] == "▲"
    assert signs[0][2] == "▼"
    assert cells[2][0].partition("\n")[2].replace("+", "−") == cells[0][2].partition("\n")[2]
    assert "All pairs, for exploring" in page


def test_the_figure_draws_the_intervals(results: Results) -> None:
    found = only(results)
    axes = figures.differences(found).axes[0]
    lines = [np.asarray(line.get_xdata(), float) for line in axes.lines]
    for contrast in found.family:
        both, inner = contrast.both, deciding(found, contrast)
        assert both is not None
        assert inner == pytest.approx((contrast.difference.low, contrast.difference.high))
        for ends in (both, inner):
            assert any(len(x) == 2 and x == pytest.approx(100 * np.array(ends)) for x in lines)
        assert any(len(x) == 1 and x[0] == pytest.approx(100 * contrast.difference.mean) for x in lines)


@pytest.mark.parametrize(
    ("metric", "ways"), [("f1", {"← worse", "better →"}), ("loss", {"← better", "worse →"})]
)
def test_the_figure_says_which_way_is_better(tmp_path: Path, metric: str, ways: set[str]) -> None:
    study = Study(activation=("relu", "elu", "gelu"), epochs=1, compare={"metric": metric})
    shown = texts(figures.differences(only(written(tmp_path, study))))
    assert {text for text in shown if "→" in text or "←" in text} == ways


def test_an_interval_without_end_stays_on_the_sheet(tmp_path: Path) -> None:
    study = Study(activation=tuple(LEVEL), epochs=1, seed=(0, 1))
    figure = figures.differences(only(written(tmp_path, study, noise={"elu": 0.2})))
    assert outside(figure) == []


def test_beyond_twelve_the_pairs_are_left_out_and_rows_sorted(tmp_path: Path) -> None:
    names = tuple(f"leaky_relu(negative_slope={i / 100})" for i in range(2, 16))
    study = Study(activation=names, epochs=1, seed=(0, 1, 2))
    found = only(written(tmp_path, study, lambda run: 0.8 + 0.01 * names.index(run.activation)))
    shown = compared((found,), Studio(tmp_path / "figures"))[0]
    assert shown.pairs is None
    assert "91 pairs of all activations are too many" in shown.many
    assert [row[0] for row in shown.verdicts.rows[1:3]] == ["LeakyReLU 0.15", "LeakyReLU 0.14"]


# Circumstances.


def test_grown(tmp_path: Path) -> None:
    grow(tmp_path)
    results = written(tmp_path, STUDY, noise=NOISE)
    text = Seen(report.render(results)).text
    assert "The study has grown after results had been seen: 97.5 % intervals and .025 replace" in text
    assert "thick line: its 97.5 % interval" in text
    found = only(results)
    inner = deciding(found, found.family[0])
    low = found.family[0].difference.low
    assert inner is not None
    assert low is not None
    assert inner[0] < low


@pytest.mark.parametrize("doubtful", [True, False])
def test_the_control(tmp_path: Path, doubtful: bool) -> None:
    study = Study(activation=("relu", "elu"), epochs=1, control=True)
    drop = 0.05 if doubtful else 0.0
    results = written(tmp_path, study, lambda run: of(run) - drop * (int(run.seed) > 4))
    assert only(results).doubtful == doubtful
    text = Seen(report.render(results)).text
    warned = "Do not trust these verdicts: ReLU differs from itself under other seeds"
    assert (warned in text) == sentence(results).startswith(warned) == doubtful
    assert ("Undecided is healthy there" in text) != doubtful
    assert "The control trains the baseline again under other seeds" in text
    row = "! differs from itself" if doubtful else "noise floor"
    assert row in texts(figures.differences(only(results)))


@pytest.mark.parametrize("best", [0.01, 0.1])
def test_each_at_its_own_rate(tmp_path: Path, best: float) -> None:
    study = Study(activation=("relu", "elu"), lr=(0.001, 0.01, 0.1), choose="lr", epochs=1)
    results = written(tmp_path, study, valid=lambda run: 0.9 if run.lr == best else 0.7)
    text = Seen(report.render(results)).text
    assert "Three settings of lr, 3 comparisons with ReLU: 3 better." in text
    assert "Each at its own lr: ELU is better than ReLU" in text
    assert f"lr = {best} for ReLU, {best} for ELU." in text
    edge = "ReLU (lr = 0.1), ELU (lr = 0.1): their picks lie at an end of the list"
    assert (edge in text) == (best == 0.1)


def test_one_seed(tmp_path: Path) -> None:
    results = written(tmp_path, Study(activation=("relu", "elu"), epochs=1, seed=0))
    text = Seen(report.render(results)).text
    assert "No verdict for ELU: one seed has no spread." in text
    assert "– no verdict" in text
    assert "With one seed there is no interval" in text
    assert "nan" not in text.lower()


def test_diverged_runs_leave_and_are_counted(tmp_path: Path) -> None:
    study = Study(activation=tuple(LEVEL), epochs=2)
    written(tmp_path, study)
    for run in study.runs():
        if (run.activation, run.seed) in {("elu", 1), ("gelu", 0), ("tanh", 0), ("tanh", 1), ("tanh", 2)}:
            Store(tmp_path / "runs").add(run.key, records.record(run, diverged=1))
    results = Results.read(tmp_path)
    shown = compared(compare(results), Studio(None))[0]
    rows = {row[0]: row for row in shown.verdicts.rows}
    assert rows["ELU"][1].startswith("– no verdict\nsome of its runs diverged")
    assert rows["ELU"][6] == "4\nof 5"
    assert rows["GELU"][1].startswith("▼ worse")
    assert "dot: mean of 2 to 5 shared seeds" in shown.picture.said


def test_data_are_described_by_the_folder(results: Results, tmp_path: Path) -> None:
    assert classes(results, 10)[3] == "class 3"
    assert classes(results, 12) == tuple(map(str, range(12)))
    (tmp_path / "study.toml").write_text(STUDY.to_toml(), "utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "1.json").write_text(json.dumps(described()), "utf-8")
    said = dict(words.study(Results.read(tmp_path)))["Images"]
    assert said.startswith("11 to train on, 12 held out")


# Claims.

CLAIMS: list[dict[str, Any]] = [
    {"says": "ELU wins", "of": "elu", "is": "highest"},
    {"says": "GELU wins", "of": "gelu", "is": "highest"},
    {"says": "Tanh ends at 0.91", "of": "tanh", "between": [0.905, 0.915]},
    {"says": "ReLU is slowest", "of": "relu", "is": "slowest"},
    {"says": f"Leaky {EVIL}", "similar": ["relu", "leaky_relu(negative_slope=0.002)"], "margin": 0.01},
    {"says": "Mish wins", "of": "mish", "is": "highest"},
]


@pytest.fixture(scope="module")
def claiming(tmp_path_factory: pytest.TempPathFactory) -> Results:
    study = Study(**{**STUDY.model_dump(), "claim": CLAIMS})
    return written(tmp_path_factory.mktemp("claims"), study, noise=NOISE)


def test_claims_are_judged(claiming: Results) -> None:
    (group,) = claimed(claiming)
    found = {v.says: f"{v.sign} {v.word}" for v in group.verdicts}
    assert found["ELU wins"] == "✓ supported"
    assert found["GELU wins"] == "✗ contradicted"
    assert found["Tanh ends at 0.91"] == "? undecided"
    assert "Mish wins" not in found
    (convergence, untested) = notes(claiming)
    assert convergence.startswith("Speed of convergence: epochs until")
    assert untested.startswith("1 claim cannot be tested here")


def test_claims_stand_on_the_page_as_words(claiming: Results) -> None:
    html = report.render(claiming)
    text = Seen(html).text
    for said in ("“ELU wins”", "✓", "supported", "✗", "contradicted", "ELU − ReLU", "for it", "against it",
                 "open", "Supported when elu is highest by", "1 claim cannot be tested", EVIL):  # fmt: skip
        assert said in text
    assert text.count("Speed of convergence: epochs until") == 1
    assert "<script" not in html


def test_without_claims_there_is_no_section(page: str) -> None:
    assert 'id="claims"' not in page


def test_hostile_names_stay_words(tmp_path: Path) -> None:
    study = Study(name=EVIL, activation=HOSTILE, epochs=1, seed=(0, 1, 2), control=True,
                  claim=[{"says": EVIL, "of": HOSTILE[1], "is": "highest"}])  # fmt: skip
    html = report.render(written(tmp_path, study, lambda run: 0.9))
    assert not {tag for tag, _ in Seen(html).tags} & {"script", "img", "iframe", "b"}
    assert "{{7*7}}" in Seen(html).text
