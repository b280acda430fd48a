"""Figures: what is drawn is what the records hold, readable, and the same bytes every time."""

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from reluctant.figures.bands import band
from reluctant.figures.letters import any_script, fitted, width_of, wrapped
from reluctant.records.study_results import Results

from reluctant import figures
from reluctant.analysis.comparison import compare
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.errors import StudyError
from reluctant.figures import inline, labels, sheet, style
from reluctant.figures.inline import png, svg
from reluctant.figures.shapes import shape_of
from reluctant.records.store import Store
from reluctant.study import Study
from tests.support import records

FOUR = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "gelu")
HOSTILE = (
    "lab:f(text='<script>alert(1)</script>')",
    "lab:g(text='\"><img src=x onerror=alert(2)>')",
    "lab:h(text='{{7*7}}')",
    "lab:k(text='$x^2$ \\\\frac{')",
    "lab:m(text='字 🎉 &amp; <!-- ]]>')",
    f"lab:w(text='{'W' * 200}')",
)
MANY = tuple(f"leaky_relu(negative_slope={i / 100})" for i in range(2, 42))


def made(path: Path, study: Study, diverged: dict[tuple[str, int], int] | None = None) -> Results:
    """Results of made-up runs; `diverged` maps (activation, seed) to the epoch."""
    records.folder(path, study)
    for run in study.runs():
        epoch = (diverged or {}).get((run.activation, int(run.seed)))
        if epoch is not None:
            Store(path / "runs").add(run.key, records.record(run, diverged=epoch))
    return Results.read(path)


def lost(study: Study) -> dict[tuple[str, int], int]:
    return {(run.activation, int(run.seed)): 1 + int(run.seed) % 2 for run in study.runs()}


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Results]:
    """The results of a named study, made on first use."""
    studies: dict[str, Study] = {
        "four": Study(activation=FOUR, epochs=8),
        "one seed": Study(activation=FOUR, seed=3, epochs=5),
        "one epoch": Study(activation=FOUR, epochs=1),
        "two epochs": Study(activation=("relu", "elu"), epochs=2, seed=(0, 1)),
        "one activation": Study(activation="relu", epochs=4),
        "some diverged": Study(activation=FOUR, epochs=6),
        "all diverged": Study(activation=FOUR, epochs=4, seed=(0, 1)),
        "forty": Study(activation=MANY, epochs=6, seed=(0, 1, 2)),
        "hostile": Study(activation=HOSTILE, epochs=4, seed=(0, 1), name="<b>n</b>"),
    }
    diverged = {
        "some diverged": {("elu", 0): 1, ("elu", 2): 3, **{("gelu", seed): 2 for seed in range(5)}},
        "all diverged": lost(studies["all diverged"]),
    }
    kept: dict[str, Results] = {}

    def get(name: str) -> Results:
        if name == "nothing":
            path = tmp_path_factory.mktemp("nothing")
            (path / "study.toml").write_text(studies["four"].to_toml(), "utf-8")
            return Results.read(path)
        if name not in kept:
            kept[name] = made(tmp_path_factory.mktemp("made"), studies[name], diverged.get(name))
        return kept[name]

    return get


STUDIES = ("four", "one seed", "one epoch", "two epochs", "one activation", "some diverged", "all diverged",
           "hostile", "nothing")  # fmt: skip


def difference(results: Results, **more: Any) -> Figure:
    """The figure of the verdicts, of a study with one setting."""
    return figures.differences(compare(results)[0], **more)


DRAW: dict[str, Callable[..., Figure]] = {
    "final f1": partial(figures.final_scores, metric="f1"),
    "final loss": partial(figures.final_scores, metric="loss"),
    "f1": partial(figures.score_by_epoch, metric="f1"),
    "loss": partial(figures.score_by_epoch, metric="loss"),
    "differences": difference,
    "shapes": figures.shapes,
    "training": lambda results, **more: figures.training_curves(results, results.activations[-1], **more),
    "confusion": lambda results, **more: figures.confusion(results, results.activations[-1], **more),
    "shape": lambda results, **more: figures.shape(results, results.activations[-1], **more),
}


def outside(figure: Figure) -> list[str]:
    """The texts that reach beyond the edge of a figure."""
    with style.look():
        renderer: Any = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
        figure.draw(renderer)
        edge = figure.bbox.padded(1)
        shown = [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_visible() and t.get_text()]
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown]
    return [
        text for text, box in boxes if not (edge.contains(box.x0, box.y0) and edge.contains(box.x1, box.y1))
    ]


def texts(figure: Figure) -> list[str]:
    """Every text that stands in a figure."""
    root = ElementTree.fromstring(svg(figure))
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", DRAW)
@pytest.mark.parametrize("study", [*STUDIES, "forty"])
@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
def test_every_figure_of_every_study_is_whole(
    found: Callable[[str], Results], study: str, name: str, width: float
) -> None:
    figure = DRAW[name](found(study), width=width)
    assert png(figure).startswith(b"\x89PNG")
    with any_script():
        assert outside(figure) == []
    element = ElementTree.fromstring(figures.inline_svg(figure))
    assert element.attrib["role"] == "img"
    assert len(element.attrib["aria-label"]) > 20
    if not name.startswith("shape"):
        assert "not MNIST" in " ".join(texts(figure)).replace("\n", " ")


@pytest.mark.parametrize("name", DRAW)
def test_drawn_again_it_is_the_same_to_the_byte(found: Callable[[str], Results], name: str) -> None:
    results = found("four")
    first, again = DRAW[name](results), DRAW[name](Results.read(results.folder or ""))
    assert svg(first) == svg(again)
    assert png(first) == png(again)
    assert "<dc:date>" not in svg(first)


@pytest.mark.parametrize("name", DRAW)
def test_a_readers_own_settings_of_matplotlib_change_nothing(
    found: Callable[[str], Results], name: str
) -> None:
    plain = svg(DRAW[name](found("four")))
    own: Any = {"font.size": 20, "axes.grid": True, "axes.facecolor": "red", "lines.linewidth": 9,
           "text.parse_math": True, "figure.facecolor": "black"}  # fmt: skip
    with matplotlib.rc_context(own):
        before = dict(matplotlib.rcParams)
        assert svg(DRAW[name](found("four"))) == plain
        assert dict(matplotlib.rcParams) == before


def test_save_writes_both_files(found: Callable[[str], Results], tmp_path: Path) -> None:
    figure = figures.final_scores(found("four"))
    figures.save(figure, tmp_path / "deep" / "a.b")
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["a.b.png", "a.b.svg"]
    assert (tmp_path / "deep" / "a.b.svg").read_text("utf-8") == svg(figure)


def test_every_activation_has_its_own_colour_and_line() -> None:
    marks = [style.mark(i, str(i)) for i in range(42)]
    assert len({(m.colour, m.dashes) for m in marks}) == 42
    assert len({m.colour for m in marks[:6]}) == len({m.dashes for m in marks[:6]}) == 6


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mixed(over: str, under: str, share: float) -> str:
    pairs = [(int(over[i : i + 2], 16), int(under[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_lines_and_letters_stand_out(dark: bool) -> None:
    from reluctant.figures.confusion import SHADES

    def of(colour: str) -> str:
        return style.DARK[colour] if dark else colour

    assert min(contrast(of(c), of(style.PAPER)) for c in style.SERIES) >= 3
    assert min(contrast(of(c), of(style.PAPER)) for c in (style.INK, style.MUTED)) >= 4.5
    grounds = [mixed(of(style.ERROR), of(style.PAPER), shade) for shade in SHADES]
    assert min(contrast(of(style.INK), ground) for ground in grounds) >= 4.5


def test_the_curves_are_the_means_of_the_records(found: Callable[[str], Results]) -> None:
    results = found("some diverged")
    figure = figures.training_curves(results, "elu")
    kept = [r for r in results.of("elu") if r.diverged is None]
    assert len(kept) == 3
    for axes, (name, split, _) in zip(figure.axes, figures.curves.FOUR, strict=True):
        shown = np.asarray(axes.lines[-1].get_ydata(), float)
        assert shown == pytest.approx(np.mean([r.curve(name, split) for r in kept], axis=0))
        interval = results.interval(name, "elu", split)
        assert interval.low is not None
        held = np.asarray(axes.collections[-1].get_paths()[0].vertices, float)
        assert held[:, 1][held[:, 0] == 6].min() == pytest.approx(interval.low)
        assert held[:, 1][held[:, 0] == 6].max() == pytest.approx(interval.high)


def test_bands_are_kept_apart(found: Callable[[str], Results]) -> None:
    results = found("four")
    one, other = band(results, "loss", "elu", "train"), band(results, "loss", "elu", "test")
    assert band(results, "loss", "elu", "train") is one
    assert not np.array_equal(one.mean, other.mean)


@pytest.mark.parametrize(
    ("study", "words"),
    [
        ("four", ["mean of 5 seeds, band: 95 % interval of the mean"]),
        ("one seed", ["one seed: no interval"]),
        ("two epochs", ["mean of 2 seeds", "under five seeds"]),
        ("some diverged", ["mean of 3 seeds", "2 of 5 runs diverged and are left out"]),
        ("all diverged", ["no finished run", "2 of 2 runs diverged"]),
    ],
)
def test_the_title_says_what_the_band_is(
    found: Callable[[str], Results], study: str, words: list[str]
) -> None:
    said = sheet.head_of(figures.training_curves(found(study), "elu")).said
    for word in [*words, "precision averaged over classes", "evaluation: the test images"]:
        assert word in said


def test_one_seed_has_no_band(found: Callable[[str], Results]) -> None:
    figure = figures.score_by_epoch(found("one seed"))
    assert not any(axes.collections for axes in figure.axes)


@pytest.mark.parametrize("metric", ["f1", "accuracy", "mcc", "loss"])
def test_the_overview_writes_the_scores(found: Callable[[str], Results], metric: str) -> None:
    results = found("four")
    written = " ".join(texts(figures.final_scores(results, metric)))
    for activation in FOUR:
        interval = results.interval(metric, activation)
        assert f"{interval.mean:.4f} ± {interval.half:.4f}" in written
    assert labels.metric_axis(results, metric) in written


def test_the_overview_counts_diverged_runs(found: Callable[[str], Results]) -> None:
    figure = figures.final_scores(found("some diverged"))
    written = " ".join(texts(figure))
    assert "2 of 5 diverged" in written
    assert "5 of 5 diverged" in written
    assert [line.get_marker() for line in figure.axes[0].lines].count("x") == 2


def test_beyond_twelve_the_overview_is_sorted(found: Callable[[str], Results]) -> None:
    results = found("forty")
    figure = figures.final_scores(results)
    marks = labels.marks(results)
    by_label = {mark.label: results.interval("f1", name).mean for name, mark in marks.items()}
    shown = [text for text in texts(figure) if text in by_label]
    assert [by_label[label] for label in shown] == sorted(by_label.values(), reverse=True)
    assert "sorted by the mean" in str(figure.get_label())


def test_confusion_writes_the_counts(found: Callable[[str], Results]) -> None:
    results = found("four")
    matrix = results.confusion("elu")
    written = texts(figures.confusion(results, "elu"))
    for count in {int(v) for v in matrix.ravel() if v}:
        assert written.count(str(count)) >= int((matrix == count).sum())


@pytest.mark.parametrize("width", [4.9, style.NARROW])
def test_long_names_of_classes_stay_on_the_sheet(tmp_path: Path, width: float) -> None:
    results = made(tmp_path, Study(activation="relu", dataset="fashion_mnist", epochs=1, seed=0))
    figure = figures.confusion(results, "relu", width=width)
    assert outside(figure) == []
    assert texts(figure).count("Ankle boot") == 2


def test_a_hundred_classes_are_shaded_and_not_written(tmp_path: Path) -> None:
    study = Study(activation="relu", epochs=1, seed=0)
    run = next(study.runs())
    records.folder(tmp_path, study)
    record = records.record(run)
    matrix = records.matrix(np.random.default_rng(0), 4000, 0.9, classes=100)
    record["epochs"][0]["confusion"] = dict.fromkeys(("train", "valid", "test"), matrix)
    Store(tmp_path / "runs").add(run.key, record)
    figure = figures.confusion(Results.read(tmp_path), "relu")
    assert len(figure.axes[0].patches) <= 6
    assert any("errors, light to dark: 1" in text for text in texts(figure))
    assert "wrong. Most often: " in str(figure.get_label())


@pytest.mark.parametrize("name", DRAW)
def test_names_of_others_are_letters_and_nothing_else(found: Callable[[str], Results], name: str) -> None:
    results = found("hostile")
    page = figures.inline_svg(DRAW[name](results))
    elements = list(ElementTree.fromstring(page).iter())
    assert {element.tag.rpartition("}")[2] for element in elements} <= inline.ELEMENTS
    assert {key for element in elements for key in element.attrib} <= {
        *inline.ATTRIBUTES,
        "role",
        "aria-label",
    }
    assert not re.search(r"<(script|img|style|!--)", page)


def test_a_dollar_is_a_dollar(found: Callable[[str], Results]) -> None:
    assert any("$x^2$" in text for text in texts(figures.shapes(found("hostile"))))


def test_inline_follows_the_page(found: Callable[[str], Results]) -> None:
    results = found("four")
    pages = [figures.inline_svg(DRAW[name](results)) for name in ("f1", "loss")]
    ids = [set(re.findall(r' id="([^"]+)"', page)) for page in pages]
    assert ids[0]
    assert not ids[0] & ids[1]
    for page, own in zip(pages, ids, strict=True):
        assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', page)) <= own
        assert not re.search(r"(?<!, )#[0-9a-f]{6}\b", re.sub(r'href="[^"]*"', "", page))
        assert "font-family" not in page
        assert f"var(--s1, {style.SERIES[0]})" in page


def test_a_page_can_set_the_title_itself(found: Callable[[str], Results]) -> None:
    figure = figures.score_by_epoch(found("four"))
    head = sheet.head_of(figure)
    assert head.title == "Macro F1 over the epochs"
    with_head, without = figures.inline_svg(figure), figures.inline_svg(figure, head=False)
    assert head.title in re.sub(r'aria-label="[^"]*"', "", with_head)
    assert head.title not in re.sub(r'aria-label="[^"]*"', "", without)


def test_more_settings_than_one_are_refused(tmp_path: Path) -> None:
    results = made(tmp_path, Study(activation=FOUR, lr=(0.1, 0.01), seed=0, epochs=2))
    for name in ("final f1", "f1", "training", "confusion"):
        with pytest.raises(StudyError, match="varies lr; draw one setting at a time"):
            DRAW[name](results)
        assert DRAW[name](results.at(results.settings[1]))


def test_shapes_come_from_the_records(found: Callable[[str], Results]) -> None:
    held = shape_of(found("four"), "elu")
    assert held is not None
    x, f, slope = held
    assert x[[0, -1]].tolist() == [-5, 5]
    assert f == pytest.approx(np.maximum(x, 0))
    assert slope[[0, -1]].tolist() == [0, 1]


@pytest.mark.parametrize("held", [None, {"x": [-1, 1], "f": [None, 0.0, None], "slope": [1.0, None, 1e300]}])
def test_shapes_may_have_holes(tmp_path: Path, held: dict[str, Any] | None) -> None:
    study = Study(activation="relu", epochs=1, seed=0)
    run = next(study.runs())
    records.folder(tmp_path, study)
    Store(tmp_path / "runs").add(run.key, {**records.record(run), "shape": held})
    results = Results.read(tmp_path)
    for figure in (figures.shapes(results), figures.shape(results, "relu")):
        ElementTree.fromstring(svg(figure))
        assert ("not in the records" in texts(figure)) == (held is None)


@pytest.mark.parametrize("row", ACTIVATIONS, ids=lambda row: row.name)
def test_every_formula_of_the_catalogue_can_be_set(row: Any) -> None:
    figure = figures.formula(row.formula)
    assert figure is not None
    page = figures.inline_svg(figure, paths=True)
    assert "<path" in page
    assert ElementTree.fromstring(page).attrib["aria-label"] == row.formula


@pytest.mark.parametrize("latex", [r"\nonsense{x}", r"\frac{", "x^{^"])
def test_a_formula_that_cannot_be_set_is_none(latex: str) -> None:
    assert figures.formula(latex) is None


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("relu", "ReLU"),
        ("leaky_relu(negative_slope=0.002)", "LeakyReLU 0.002"),
        ("hardtanh(max_val=2,min_val=-1)", "Hardtanh 2 -1"),
        ("my_lab.acts:Serf(beta=2)", "Serf 2"),
        ("gone_from_the_catalogue(a=1)", "gone_from_the_catalogue(a…"),
    ],
)
def test_labels_are_short(name: str, label: str) -> None:
    assert labels.shortened(name) == label


def test_labels_that_would_be_alike_are_told_apart(tmp_path: Path) -> None:
    long = [f"lab:{'x' * 40}(n={i})" for i in range(3)]
    names = ("a:f", "b:f", *long)
    (tmp_path / "study.toml").write_text(Study(activation=names).to_toml(), "utf-8")
    marks = labels.marks(Results.read(tmp_path))
    assert len({mark.label for mark in marks.values()}) == len(names)
    assert max(len(mark.label) for mark in marks.values()) <= labels.LONGEST


def test_an_outlier_does_not_flatten_the_rest() -> None:
    low, high = style.limits([0.98, 0.981, 0.982, 0.983, 0.1])
    assert 0.97 < low < 0.98
    assert 0.983 < high < 0.99
    assert style.limits([]) == (0, 1)
    assert style.limits([float("nan"), 2.0, 2.0])[0] < 2 < style.limits([2.0, 2.0])[1]


@pytest.mark.parametrize("name", ["f1", "loss", "final f1", "final loss"])
def test_axes_end_where_values_end(found: Callable[[str], Results], name: str) -> None:
    for axes in DRAW[name](found("two epochs")).axes:  # the intervals of two seeds reach far beyond
        low, high = axes.get_xlim() if name.startswith("final") else axes.get_ylim()
        assert low >= -0.05 * (high - low) if "loss" in name else high <= 1 + 0.05 * (high - low)


def test_texts_are_cut_and_wrapped_to_fit() -> None:
    for text in ("W" * 30, "i" * 100, "a few words that go on"):
        assert width_of(fitted(text, 9, 1.0), 9) <= 1
        assert all(width_of(line, 9) <= 1 for line in wrapped(text, 9, 1.0))
    assert fitted("short", 9, 1.0) == "short"
    assert " ".join(wrapped("a few words that go on", 9, 1.0)) == "a few words that go on"


def test_labels_are_moved_apart_and_stay_inside() -> None:
    moved = sheet.spread([0.5, 0.5, 0.51, 0.99, 1.2], 0.1, 0, 1)
    assert np.diff(np.sort(moved)).min() >= 0.1 - 1e-9
    assert moved.min() >= 0
    assert moved.max() <= 1
    assert np.argsort(moved, kind="stable").tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("values", "written"),
    [([0.5, 1.0], ["0.5", "1.0"]), ([0.975, 0.98], ["0.975", "0.980"]), ([0, 2000], ["0", "2,000"]),
     ([-1, 1], ["−1", "1"])],
)  # fmt: skip
def test_ticks_have_the_decimals_they_need(values: list[float], written: list[str]) -> None:
    assert sheet.numbers(values) == written


@pytest.mark.parametrize(("epochs", "ticks"), [(1, [1]), (8, [1, 4, 6, 8]), (10, [1, 4, 6, 8, 10]),
                                               (100, [1, 20, 40, 60, 80, 100])])  # fmt: skip
def test_epochs_are_whole(epochs: int, ticks: list[int]) -> None:
    axes = Figure().add_axes((0, 0, 1, 1))
    sheet.epoch_axis(axes, epochs)
    assert list(axes.get_xticks()) == ticks


def test_nothing_heavy_is_imported() -> None:
    heavy = ("torch", "pandas", "scipy.stats", "matplotlib", "jinja2")
    code = f"import sys, reluctant.figures, reluctant.report; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
