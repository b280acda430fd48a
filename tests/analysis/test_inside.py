"""The inside of networks: read from records as it was written, drawn whole, told without a because."""

import copy
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from reluctant.figures.inside_grid import RATIO, SHARE
from reluctant.figures.letters import any_script
from reluctant.records.study_results import Results
from reluctant.report.beside import beside
from reluctant.report.inside import units

from reluctant import figures, report
from reluctant.analysis import probe_metrics as inside
from reluctant.analysis.comparison import compare
from reluctant.figures import inside_words, style
from reluctant.figures.inline import png, svg
from reluctant.records.probe_table import COUNTS
from reluctant.records.store import Store
from reluctant.study import Study
from tests.figures.test_figures import HOSTILE, MANY, lost, made, outside, texts
from tests.support import records
from tests.support.small import digits, trained

FOUR = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "prelu")
SITES = ("blocks.0.activation", "blocks.1.activation", "activation")

Change = Callable[[dict[str, Any]], None]


def changed(path: Path, study: Study, change: Change, only: str = "") -> Results:
    """Results of made-up records, each (of `only` one activation) changed before it is stored."""
    records.folder(path, study)
    for each in study.runs():
        record = copy.deepcopy(records.record(each))
        if each.activation == only or not only:
            change(record)
        Store(path / "runs").add(each.key, record)
    return Results.read(path)


def looks(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [record["start"], *(epoch["probes"] for epoch in record["epochs"])]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return made(tmp_path_factory.mktemp("four"), Study(activation=FOUR, epochs=4, robustness=True))


# What is read.


def test_places_come_in_the_order_of_use_although_records_sort_them(four: Results) -> None:
    stored = next(iter(four)).probes[0]
    assert list(stored["sites"]) == sorted(SITES) != list(SITES)
    assert inside.sites(four) == SITES
    assert inside.layers(four) == (
        "blocks.0.conv",
        "blocks.1.conv",
        "head.linear",
    )  # no norm, no learned function


def test_places_unknown_to_the_layers_are_sorted_by_their_numbers(tmp_path: Path) -> None:
    def rename(record: dict[str, Any]) -> None:
        for look in looks(record):
            site = look["sites"]["activation"]
            look["sites"] = dict.fromkeys(("a.10", "a.9", "a.9#2", "a.9#10"), site)

    results = changed(tmp_path, Study(activation="relu", epochs=1, seed=0), rename)
    assert inside.sites(results) == ("a.9", "a.9#2", "a.9#10", "a.10")


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (SITES, ["blocks.0", "blocks.1", "activation"]),
        (["a.act", "a.act#2", "b.act"], ["a", "a#2", "b"]),
        (["1", "3"], ["1", "3"]),
        (["a.relu", "b.gelu"], ["a.relu", "b.gelu"]),
        (["act.act", "act"], ["act.act", "act"]),  # both would be `act`
        ([], []),
    ],
)
def test_names_lose_the_end_that_all_share(names: list[str], short: list[str]) -> None:
    assert list(inside.short_names(names).values()) == short


def test_shares_are_counts_over_sizes(four: Results) -> None:
    dead = inside.shares(four, "relu", "dead")
    assert dead.shape == (5, 3, 5)  # runs, sites, looks
    assert dead[:, 2].tolist() == [[0, 0.25, 0.25, 0.25, 0.25]] * 5
    assert (dead[:, :2] == 0).all()
    assert (inside.shares(four, "relu", "nearly")[:, 2, 1] == 33 / 128).all()
    assert inside.pooled(four, "relu", "dead").tolist() == [32 / (5408 + 1600 + 128)] * 5
    died, revived = inside.turnover(four, "relu")
    assert (died.tolist(), revived.tolist()) == ([32] * 5, [0] * 5)


def test_sizes_may_stand_at_the_start_alone_and_counts_of_none_nowhere(tmp_path: Path, four: Results) -> None:
    def shorten(record: dict[str, Any]) -> None:
        for i, look in enumerate(looks(record)):
            for site in look["sites"].values():
                gone = [key for key in COUNTS if site[key] == 0]
                for key in gone + (["units", "channels", "values"] if i else []):
                    del site[key]

    results = changed(tmp_path, four.study, shorten)
    for what in inside.SHARES:
        assert np.array_equal(inside.shares(results, "relu", what), inside.shares(four, "relu", what))
        assert np.array_equal(inside.pooled(results, "elu", what), inside.pooled(four, "elu", what))
    assert inside.turnover(results, "relu")[0].tolist() == inside.turnover(four, "relu")[0].tolist()


def test_the_index_across_depth_is_a_power_of_ten(four: Results) -> None:
    assert inside.depth_index(four, "elu", "end") == pytest.approx(np.log10(0.02 / 0.4))
    assert inside.index([1, 0, 100], [10, 1, 1]).tolist() == [-1, -np.inf, 2]
    assert np.isnan(inside.index(0, 0))


def test_weights_move_in_shares_of_what_they_were(four: Results) -> None:
    ratios = inside.update_ratios(four, "elu")
    assert ratios.shape == (5, 3, 4)
    assert ratios[0, 0].tolist() == [0.25, 0.125, 0.5 / 3 / 2, 0.0625]


def test_histograms_are_shares_and_curves_what_was_learned(four: Results) -> None:
    for when in ("start", "end"):
        for side in ("in", "out"):
            held = inside.histograms(four, "relu", when, side)
            assert held.shape == (3, 24)
            assert held.sum(axis=1) == pytest.approx(1)
    assert inside.learners(four) == ("prelu",)
    end = inside.curves(four, "prelu", "end")
    assert end[:, 0] == pytest.approx([-5 * (0.25 - 0.08 * place) for place in (1, 2, 3)])
    assert inside.learned(four, "prelu", "activation", "start").tolist() == [[0.25]] * 5
    assert np.isnan(inside.curves(four, "relu", "end")).all()
    assert inside.learned(four, "relu", "activation", "end").shape == (5, 0)


def test_confidence_and_robustness_are_means_over_seeds(four: Results) -> None:
    held = inside.confidence(four, "elu")
    assert held is not None
    assert held.error.n == 5
    assert [held.error.mean, held.brier.mean] == pytest.approx([0.1, 0.3])
    assert 0.85 < held.churn < 0.95  # ten classes at random
    robust = inside.robustness(four, "elu")
    assert list(robust)[:3] == [("blur", "0.5"), ("blur", "1"), ("blur", "1.5")]
    assert robust["blur", "1.5"].mean == 0.25
    assert len(robust) == 12


def test_what_is_not_finite_is_left_out_of_means() -> None:
    values = np.array([[1.0, np.nan, np.inf], [3.0, np.nan, 2.0]])
    assert inside.over_runs(values).tolist()[::2] == [2.0, 2.0]
    assert np.isnan(inside.over_runs(values)[1])


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "none"), (0.12, "12 %"), (0.034, "3.4 %"), (0.0002, "0.02 %"), (1e-6, "< 0.01 %"), (1, "100 %"),
     (0.0996, "10 %"), (float("nan"), "–")],
)  # fmt: skip
def test_shares_in_words(share: float, words: str) -> None:
    assert inside.percent(share) == words


def test_diverged_runs_are_left_out(tmp_path: Path) -> None:
    study = Study(activation=("relu", "elu"), epochs=4)
    results = made(tmp_path, study, {("relu", 0): 3, **{("elu", seed): 1 for seed in range(5)}})
    assert len(inside.runs(results, "relu")) == 4
    assert inside.seen(results) == ("relu",)
    assert inside.confidence(results, "elu") is None
    assert units(results).rows[1] == ("ELU", "0", *["–"] * 8)


def test_a_trained_record_is_read_back_to_the_number(tmp_path: Path) -> None:
    study = Study(activation=("relu", "prelu"), model="convnet(dropout=0.15)", lr=0.002, epochs=1, seed=0)
    records.folder(tmp_path, study)
    kept = {}
    for each in study.runs():
        kept[each.activation] = trained(each, digits(64)).record()
        Store(tmp_path / "runs").add(each.key, {**kept[each.activation], "environment": "0"})
    results = Results.read(tmp_path)
    first = kept["relu"]["start"]
    assert inside.sites(results) == tuple(first["sites"])  # as the probes heard them
    assert inside.layers(results) == ("blocks.0.conv", "blocks.1.conv", "blocks.2.conv", "hidden", "output")
    site = first["sites"]["blocks.0.activation"]
    assert inside.shares(results, "relu", "dead")[0, 0, 0] == site.get("dead", 0) / site["units"]
    assert inside.learned(results, "prelu", "activation", "start").tolist() == [[0.25]]
    assert 'id="inside"' in report.render(results)


# What is drawn.

DRAW: dict[str, Callable[..., Figure]] = {
    "dead": figures.shares_by_site,
    "saturated": partial(figures.shares_by_site, what="saturated"),
    "updates": figures.update_ratios,
    "values": figures.distributions,
    "gradients": figures.gradient_by_depth,
    "learned": figures.learned_shapes,
}
STUDIES: dict[str, tuple[Study, dict[tuple[str, int], int]]] = {
    "four": (Study(activation=FOUR, epochs=8), {}),
    "one seed, one epoch": (Study(activation=("relu", "elu"), epochs=1, seed=0), {}),
    "one activation": (Study(activation="prelu", epochs=2), {}),
    "twelve": (Study(activation=MANY[:12], epochs=2, seed=0), {}),
    "forty": (Study(activation=("relu", "prelu", *MANY[2:]), epochs=6, seed=(0, 1, 2)), {}),
    "hostile": (Study(activation=HOSTILE, epochs=2, seed=(0, 1)), {}),
    "some diverged": (Study(activation=FOUR, epochs=6), {("elu", 0): 1, ("relu", 2): 3}),
    "all diverged": (
        Study(activation=FOUR, epochs=4, seed=(0, 1)),
        lost(Study(activation=FOUR, seed=(0, 1))),
    ),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Results]:
    kept: dict[str, Results] = {}

    def get(name: str) -> Results:
        if name not in kept:
            kept[name] = made(tmp_path_factory.mktemp("inside"), *STUDIES[name])
        return kept[name]

    return get


@pytest.mark.parametrize("name", DRAW)
@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
def test_every_figure_of_every_study_is_whole(
    found: Callable[[str], Results], study: str, name: str, width: float
) -> None:
    figure = DRAW[name](found(study), width=width)
    assert png(figure).startswith(b"\x89PNG")
    with any_script():
        assert outside(figure) == []
    element = ElementTree.fromstring(figures.inline_svg(figure))
    assert len(element.attrib["aria-label"]) > 20
    assert "not MNIST" in " ".join(texts(figure)).replace("\n", " ")
    assert not re.search(r"(?<!, )#[0-9a-f]{6}\b", re.sub(r'href="[^"]*"', "", figures.inline_svg(figure)))


@pytest.mark.parametrize("name", DRAW)
def test_drawn_again_and_under_others_settings_it_is_the_same(
    found: Callable[[str], Results], name: str
) -> None:
    plain = svg(DRAW[name](found("four")))
    own: Any = {"font.size": 20, "axes.grid": True, "lines.linewidth": 9, "text.parse_math": True}
    with matplotlib.rc_context(own):
        assert svg(DRAW[name](Results.read(found("four").folder or ""))) == plain


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
def test_forty_learned_functions_get_a_panel_each(tmp_path: Path, width: float) -> None:
    names = tuple(f"prelu(init={i / 100})" for i in range(1, 41))
    figure = figures.learned_shapes(made(tmp_path, Study(activation=names, epochs=1, seed=0)), width=width)
    assert len(figure.axes) == 40
    assert [len(axes.lines) for axes in figure.axes] == [
        2 + 2 * len(SITES)
    ] * 40  # the cross, and start and end
    assert outside(figure) == []


@pytest.mark.parametrize("name", DRAW)
def test_a_deep_network_is_drawn_whole(tmp_path: Path, name: str) -> None:
    def deepen(record: dict[str, Any]) -> None:
        for look in looks(record):
            for part, base in (("sites", "activation"), ("layers", "blocks.0.conv")):
                each = look[part][base]
                look[part] = {f"stage{i // 10}.{i}.a_rather_long_name.{base}": each for i in range(60)}

    results = changed(tmp_path, Study(activation=("relu", "prelu"), epochs=2, seed=0), deepen)
    for width in (style.WIDE, style.NARROW):
        figure = DRAW[name](results, width=width)
        assert outside(figure) == []
        assert figure.get_size_inches()[1] < (12 if name != "learned" else 30)


@pytest.mark.parametrize("name", DRAW)
def test_values_that_are_not_finite_leave_holes(tmp_path: Path, name: str) -> None:
    def spoil(record: dict[str, Any]) -> None:
        for look in looks(record):
            look["sites"]["activation"] |= {"in": [None, None], "gradient": None}
            look["layers"]["blocks.0.conv"] |= {"gradient": 0.0, "weight": None}

    results = changed(tmp_path, Study(activation=("relu", "prelu"), epochs=2, seed=(0, 1)), spoil)
    assert outside(DRAW[name](results)) == []
    assert np.isneginf(inside.depth_index(results, "relu", "end")).all()
    assert "no gradient reaches blocks.0.conv" in inside_words.depth_said(results)
    page = report.render(results)
    assert "−∞" in page
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL).lower().replace("finance", "")


def test_classes_hold_their_bounds() -> None:
    values = np.array([0, 0.0001, 0.01, 0.05, 0.2, 0.5, 1, np.nan])
    assert SHARE.of(values).tolist() == [0, 1, 2, 3, 4, 5, 5, -1]
    assert RATIO.of(np.array([0, 0.0005, 0.5, 7])).tolist() == [0, 1, 4, 5]


# What is said.


def test_sentences_say_what_the_numbers_say(four: Results) -> None:
    assert inside_words.shares_said(four) == (
        "ReLU ends with the largest share of dead units, 25 % in activation (at the start none). "
        "LeakyReLU 0.002, ELU and PReLU have none throughout."
    )
    assert inside_words.depth_said(four).startswith(
        "The index across depth is −1.3 for all at the end; −1 means"
    )
    assert inside_words.updates_said(four).startswith(
        "The weights of blocks.0.conv move furthest: under ReLU by 25 %"
    )
    assert inside_words.learned_said(four) == (
        "PReLU moves furthest in activation: f(−5) is −1.2 at the start and −0.05 at the end."
    )


def test_no_death_is_said_too(tmp_path: Path) -> None:
    results = made(tmp_path, Study(activation=("elu", "gelu"), epochs=2, seed=0))
    assert (
        inside_words.shares_said(results) == "No activation has any dead units, at any site and at any look."
    )
    assert inside_words.learned_said(results) == ""


def test_deaths_stand_beside_the_verdict_without_a_because(tmp_path: Path) -> None:
    study = Study(activation=("relu", "elu"), epochs=3, compare={"margin": 0.5})
    (said,) = beside(compare(made(tmp_path, study))[0])
    assert said == (
        "In activation ReLU loses 25 % of its units in the first epoch, ELU none; "
        "their macro F1 is the same within ±50 points."
    )
    page = report.render(Results.read(tmp_path))
    assert said in page
    assert "What happens inside does not show why scores differ or do not." in page


@pytest.mark.parametrize(
    ("margin", "words"),
    [(0.5, "is the same within"), (0.0, "differs is undecided")],
)
def test_every_verdict_has_its_clause(tmp_path: Path, margin: float, words: str) -> None:
    study = Study(activation=("relu", "elu"), epochs=3, compare={"margin": margin})
    (said,) = beside(compare(made(tmp_path, study))[0])
    assert words in said
    assert not re.search(r"\b(because|since|therefore|due|cause[sd]?|so that|why)\b", said)


def test_gradients_and_flat_slopes_are_spoken_of_where_nothing_dies(tmp_path: Path) -> None:
    def shrink(record: dict[str, Any]) -> None:
        for look in looks(record):
            look["layers"]["blocks.0.conv"]["gradient"] *= 1e-3

    def flatten(record: dict[str, Any]) -> None:
        for look in looks(record):
            look["sites"]["activation"]["saturated"] = look["sites"]["activation"]["values"]

    study = Study(activation=("elu", "gelu"), epochs=2)
    (said,) = beside(compare(changed(tmp_path / "a", study, shrink, "gelu"))[0])
    assert said.startswith(
        "The gradient at blocks.0.conv is 5e-05 times under GELU and 0.05 times under ELU that at"
    )
    (said,) = beside(compare(changed(tmp_path / "b", study, flatten, "gelu"))[0])
    assert said.startswith(
        "In activation GELU ends with 100 % of its values where the slope is below 0.05, ELU with 20 %"
    )


def test_where_nothing_differs_nothing_is_said(tmp_path: Path) -> None:
    results = made(tmp_path, Study(activation=("elu", "gelu"), epochs=2))
    assert beside(compare(results)[0]) == ()
    assert '<ul class="beside">' not in report.render(results)


def test_what_is_alike_is_told_together(found: Callable[[str], Results]) -> None:
    (said,) = beside(compare(found("forty"), margin=0.0)[0])
    assert said == (
        "In activation ReLU loses 25 % of its units in the first epoch, 39 activations none; "
        "whether the macro F1 of each differs from that of ReLU is undecided."
    )


def test_many_activations_get_three_sentences_and_a_count(tmp_path: Path) -> None:
    def die(record: dict[str, Any]) -> None:
        for look in looks(record)[1:]:
            look["sites"]["activation"]["dead"] = 5 * names.index(record["run"]["activation"])

    names = ("elu", *(f"elu(alpha=1.{i})" for i in range(1, 9)))
    said = beside(compare(changed(tmp_path, Study(activation=names, epochs=2, seed=(0, 1)), die))[0])
    assert len(said) == 4
    assert said[-1].endswith("can be told from the baseline inside.")


# What is on the page.


def old(record: dict[str, Any]) -> None:
    """A record as versions before the probes wrote it."""
    del record["start"]
    record["final"] = {key: record["final"][key] for key in ("loss", "confusion")}
    for epoch in record["epochs"]:
        del epoch["probes"]


def test_records_without_probes_are_reported_as_before(tmp_path: Path) -> None:
    results = changed(tmp_path, Study(activation=FOUR, epochs=2), old)
    assert inside.seen(results) == ()
    page = report.render(results)
    assert 'id="inside"' not in page
    assert "final scores" in page.lower()
    for draw in DRAW.values():
        assert outside(draw(results)) == []


def test_many_activations_fold_their_tables_and_show_only_who_loses_units(
    found: Callable[[str], Results],
) -> None:
    page = report.render(found("forty"))
    assert "<summary>All sites together, after the last epoch</summary>" in page
    assert "not shown: 39 activations without any" in page
    assert "How far the weights move" not in page
    assert "<summary>All sites together" not in report.render(found("four"))


def test_records_of_both_kinds_stand_side_by_side(tmp_path: Path) -> None:
    results = changed(tmp_path, Study(activation=FOUR, epochs=2), old, "relu")
    assert inside.seen(results) == FOUR[1:]
    page = report.render(results)
    assert 'id="inside"' in page
    assert units(results).rows[0] == ("ReLU", "0", *["–"] * 8)


def test_a_network_without_activations_to_see_has_its_gradients(tmp_path: Path) -> None:
    def blind(record: dict[str, Any]) -> None:
        for look in looks(record):
            look["sites"] = {}

    page = report.render(changed(tmp_path, Study(activation=FOUR, epochs=2), blind))
    assert "norm by depth" in page
    assert "Dead units by site" not in page


def test_every_table_stands_on_the_page(four: Results) -> None:
    page = report.render(four)
    for title in (
        "All sites together",
        "How far their confidence can be believed",
        "Accuracy on worsened test images",
    ):
        assert title in page
    assert "rotation 20°" in page
    assert page.count('<p class="says">') == 5


def test_every_setting_has_its_inside(tmp_path: Path) -> None:
    page = report.render(
        made(tmp_path, Study(activation=("relu", "elu"), lr=(0.1, 0.01), epochs=2, seed=(0, 1)))
    )
    assert page.count("<caption>All sites together") == 2
    assert page.count("Dead units by site and epoch</strong>") == 2


def test_names_of_places_are_letters_and_nothing_else(tmp_path: Path) -> None:
    evil = "</text><script>alert(1)</script>{{7*7}}$x^2$"

    def rename(record: dict[str, Any]) -> None:
        for look in looks(record):
            for part, name in (("sites", "activation"), ("layers", "blocks.0.conv")):
                look[part][evil] = look[part].pop(name)

    results = changed(tmp_path, Study(activation=("relu", "prelu"), epochs=2, seed=0), rename)
    page = report.render(results)
    assert "<script" not in page
    assert "{{7*7}}" in page
    for draw in DRAW.values():
        ElementTree.fromstring(figures.inline_svg(draw(results)))
