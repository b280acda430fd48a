"""Published numbers beside ours, claims about one rival, and the studies of the literature."""

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from reluctant.records.study_results import Results
from reluctant.report.publications import numbers, sentence
from scipy import stats

from reluctant import figures, report
from reluctant.analysis.claims import Finding, judge
from reluctant.analysis.published import Agreement, Beside, held_beside
from reluctant.cli.main import DONE, execute
from reluctant.core.errors import StudyError
from reluctant.figures.published import panels_of
from reluctant.study import Claim, PublishedNumber, Study, study_changes
from reluctant.verification.page import check_page
from tests.support import records
from tests.support.scored import results
from tests.support.strategies import values

A, H, L, U = Agreement.AGREES, Agreement.HIGHER, Agreement.LOWER, Agreement.UNDECIDED
NOISE = np.array([0.0, 0.002, -0.001, 0.001, -0.002])
ONE = {"activation": "relu", "value": 0.9, "source": "Someone 2020, table 1"}


def level(value: float, noise: Any = NOISE) -> list[float]:
    levels: list[float] = (value + noise).tolist()
    return levels


def found(published: dict[str, Any], scores: dict[str, Any], **more: Any) -> Beside:
    """One published number beside results with these scores."""
    (only,) = held_beside(results(scores, published=[{**ONE, **published}], **more))
    return only


def limits(beside: Beside) -> tuple[float, float]:
    assert beside.low is not None
    assert beside.high is not None
    return beside.low, beside.high


class TestVerdicts:
    @pytest.mark.parametrize(
        ("value", "verdict"), [(0.95, A), (0.954, A), (0.956, H), (0.946, A), (0.944, L)]
    )
    def test_a_single_run_lies_where_another_of_ours_would_or_not(
        self, value: float, verdict: Agreement
    ) -> None:
        beside = found({"value": value}, {"relu": level(0.95)})
        reach = 2.7764451 * NOISE.std(ddof=1) * (1 + 1 / 5) ** 0.5  # t at .975 with 4 degrees of freedom
        assert limits(beside) == pytest.approx((0.95 - reach, 0.95 + reach))
        assert (beside.n, beside.verdict) == (5, verdict)
        assert beside.mean == pytest.approx(0.95)

    @pytest.mark.parametrize(("deviation", "runs"), [(0.003, 3), (0.0005, 20), (0.0, 2)])
    def test_a_mean_of_several_runs_is_compared_by_welch_s_interval(
        self, deviation: float, runs: int
    ) -> None:
        low, high = limits(found({"deviation": deviation, "runs": runs}, {"relu": level(0.95)}))
        ours = (0.95, NOISE.std(ddof=1), 5)
        for end in (low, high):
            test = stats.ttest_ind_from_stats(*ours, end, deviation, runs, equal_var=False)
            assert test.pvalue == pytest.approx(0.05, abs=1e-6)
        for value, verdict in ((low - 1e-4, L), (low + 1e-4, A), (high - 1e-4, A), (high + 1e-4, H)):
            given = {"value": value, "deviation": deviation, "runs": runs}
            assert found(given, {"relu": level(0.95)}).verdict == verdict

    def test_the_split_the_metric_and_the_epoch_are_those_named(self) -> None:
        rising = {"relu": [[0.5, 0.7, 0.9 + 0.001 * s] for s in range(5)]}
        losses = {"relu": [[2.0, 1.0 + 0.1 * s, 0.5] for s in range(5)]}
        assert found({"epoch": 1, "value": 0.5}, rising).mean == pytest.approx(0.5)
        assert found({}, rising).mean == found({"epoch": 3}, rising).mean == pytest.approx(0.902)
        assert found({"epoch": 2, "metric": "loss"}, rising, losses=losses).mean == pytest.approx(1.2)
        assert found({"split": "valid"}, rising).mean == pytest.approx(0.902)

    @pytest.mark.parametrize(
        ("published", "scores", "more", "why"),
        [
            ({}, {"relu": [0.95]}, {}, "one run has no spread"),
            ({"activation": "gelu"}, {"relu": level(0.95)}, {}, "no run of ours"),
            ({}, {"relu": level(0.95)}, {"diverged": [("relu", 3)]}, "1 of 5 diverged"),
            ({"epoch": 20}, {"relu": level(0.95)}, {}, "our runs end after epoch 1"),
            ({}, {"relu": [0.95] * 3}, {}, "our runs do not differ"),
        ],
    )
    def test_what_keeps_a_number_undecided(
        self, published: dict[str, Any], scores: dict[str, Any], more: dict[str, Any], why: str
    ) -> None:
        beside = found(published, scores, **more)
        assert (beside.verdict, beside.why) == (U, why)

    def test_what_is_equal_to_runs_that_do_not_differ_agrees(self) -> None:
        assert found({"value": 0.95}, {"relu": [0.95] * 3}).verdict == A

    def test_a_grown_study_takes_wider_bounds(self) -> None:
        (low, high), (lower, higher) = (
            limits(found({}, {"relu": level(0.95)}, grown=grown)) for grown in (False, True)
        )
        assert (higher - lower) / (high - low) == pytest.approx(
            stats.t.ppf(0.9875, 4) / stats.t.ppf(0.975, 4)
        )

    @given(value=st.floats(0, 1), runs=st.integers(2, 9), deviation=st.none() | st.floats(0, 0.1))
    def test_the_verdict_is_where_the_number_lies(
        self, value: float, runs: int, deviation: float | None
    ) -> None:
        several = {} if deviation is None else {"deviation": deviation, "runs": runs}
        beside = found({"value": value, **several}, {"relu": level(0.5)})
        low, high = limits(beside)
        assert low < beside.mean < high
        assert beside.verdict == (L if value < low - 1e-9 else H if value > high + 1e-9 else A)


class TestStudyFile:
    @pytest.mark.parametrize(
        ("published", "words"),
        [
            ({"value": 98.96}, "accuracy is a share of 1; write 0.9896, not 98.96"),
            ({"deviation": 0.01}, "deviation goes with `runs`, at least 2"),
            (
                {"runs": 3},
                "a mean of several runs goes with their `deviation`; for a single run leave `runs` out",
            ),
            ({"deviation": 0.01, "runs": 1}, "deviation goes with `runs`, at least 2"),
            ({"deviation": 2, "runs": 3}, "the deviation of accuracy is a share of 1; write 0.02, not 2"),
            ({"metric": "loss", "value": -1}, "loss cannot be below 0"),
            ({"activation": "relo"}, "did you mean 'relu'"),
            ({"metric": "acuracy"}, "did you mean 'accuracy'"),
            ({"epoch": 0}, "epoch: should be greater than or equal to 1, not 0"),
            ({"source": ""}, "published.2.source"),
            ({"source": "a\x1b[2J"}, "control characters"),
            ({"sauce": "x"}, "no key is called 'published.2.sauce'; did you mean 'source'"),
            ({"split": "test "}, "published.2.split"),
        ],
    )
    def test_what_cannot_be_a_published_number_is_refused(
        self, published: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(StudyError, match=re.escape(words)) as fault:
            Study(activation=["relu"], published=[{**ONE, "epoch": 3}, {**ONE, **published}])
        assert "published.2" in str(fault.value)

    def test_a_number_needs_its_source(self) -> None:
        with pytest.raises(StudyError, match=r"published\.1\.source: this key is missing"):
            Study(activation="relu", published=[{"activation": "relu", "value": 0.9}])

    def test_the_same_number_twice_is_a_slip(self) -> None:
        with pytest.raises(StudyError, match=r"accuracy of 'silu' \(test, after epoch 5\) stands here twice"):
            Study(
                activation="relu",
                published=[{**ONE, "activation": name, "epoch": 5} for name in ("silu", "Swish")],
            )
        other = {**ONE, "source": "Another 2021"}
        assert len(Study(activation="relu", published=[ONE, other]).published) == 2

    def test_a_table_of_seeds_compares_nothing(self) -> None:
        with pytest.raises(StudyError, match="leave out published"):
            Study(activation="relu", seed={"init": [0, 1]}, published=[ONE])

    def test_it_survives_writing_and_may_change_in_a_folder(self) -> None:
        several: dict[str, Any] = {
            **ONE,
            "deviation": 0.01,
            "runs": 3,
            "split": "valid",
            "metric": "f1",
            "epoch": 2,
        }
        study = Study(activation="relu", published=[ONE, several])
        assert Study(**tomllib.loads(study.to_toml())) == study
        assert study.published[1] == PublishedNumber(**several)
        assert (
            study_changes(Study(activation="relu"), study) == study_changes(study, Study(activation="relu")) == []
        )

    @given(
        junk=st.lists(st.dictionaries(st.sampled_from([*PublishedNumber.model_fields, "x"]), values), max_size=3)
    )
    def test_any_table_is_a_number_or_a_fault(self, junk: list[dict[str, Any]]) -> None:
        try:
            study = Study(activation="relu", published=junk)
        except StudyError as found:
            told = str(found)
        else:
            told = "published"
            assert Study(**tomllib.loads(study.to_toml())) == study
        assert "published" in told


class TestClaims:
    @pytest.mark.parametrize(
        ("claim", "finding"),
        [
            ({"of": "elu", "is": "higher", "than": "relu"}, Finding.SUPPORTED),
            ({"of": "relu", "is": "higher", "than": "elu"}, Finding.CONTRADICTED),
            ({"of": "relu", "is": "lower", "than": "elu"}, Finding.SUPPORTED),
            ({"of": "elu", "is": "lower", "than": "relu"}, Finding.CONTRADICTED),
            ({"of": "elu", "is": "higher", "than": "silu"}, Finding.UNDECIDED),
            ({"of": "elu", "is": "highest"}, Finding.CONTRADICTED),
        ],
    )
    def test_a_rival_alone(self, claim: dict[str, Any], finding: Finding) -> None:
        scores = {"relu": level(0.95, -NOISE), "elu": level(0.97), "gelu": level(0.99, -NOISE),
                  "silu": level(0.97, 10 * NOISE)}  # fmt: skip
        judged = judge(results(scores), Claim(says="x", metric="accuracy", **claim))
        assert judged.finding == finding
        if "than" in claim:
            (evidence,) = judged.evidence
            assert evidence.about == (claim["of"], claim["than"])
            assert f"{claim['of']} is {claim['is']} than {claim['than']}" in judged.test

    @pytest.mark.parametrize(
        ("lost", "finding"), [("gelu", "supported"), ("elu", "undecided"), ("relu", "undecided")]
    )
    def test_diverged_runs_of_the_two_count_and_others_do_not(self, lost: str, finding: str) -> None:
        scores = {"relu": level(0.95, -NOISE), "elu": level(0.97), "gelu": level(0.99)}
        claim = Claim(says="x", metric="accuracy", of="elu", than="relu", **{"is": "higher"})  # type: ignore[arg-type]
        assert judge(results(scores, diverged=[(lost, 4)]), claim).finding == finding

    @pytest.mark.parametrize(
        ("claim", "words"),
        [
            ({"of": "relu", "is": "higher"}, "is = 'higher' wants a rival: than = 'relu'"),
            ({"of": "relu", "is": "highest", "than": "elu"}, "than goes with is = 'higher' or 'lower'"),
            ({"of": "relu", "between": [0.1, 0.2], "than": "elu"}, "than goes with is = 'higher' or 'lower'"),
            ({"of": "silu", "is": "lower", "than": "swish"}, "'silu' cannot be compared with itself"),
            ({"of": ["relu", "elu"], "is": "lower", "than": "gelu"}, "is about one activation"),
            ({"of": "relu", "is": "lower", "than": ["elu"]}, "claim.1.than: a name is a text such as 'relu'"),
        ],
    )
    def test_a_rival_that_cannot_be_is_refused(self, claim: dict[str, Any], words: str) -> None:
        with pytest.raises(StudyError, match=re.escape(words)):
            Study(activation=["relu", "elu", "gelu", "silu"], claim=[{"says": "x", **claim}])

    def test_a_rival_that_takes_no_part_leaves_the_claim_untested(self) -> None:
        claim = {"says": "x", "of": "relu", "is": "higher", "than": "elu"}
        assert Study(activation="relu", claim=[claim]).claims == ()
        study = Study(activation=["relu", "elu"], claim=[claim])
        assert len(study.claims) == 1
        assert Study(**tomllib.loads(study.to_toml())) == study


NUMBERS = [
    {**ONE, "value": 0.95, "epoch": 1},
    {**ONE, "value": 0.99, "epoch": 2},
    {**ONE, "activation": "gelu", "value": 0.1, "epoch": 1},
    {**ONE, "activation": "gelu", "value": 0.1, "epoch": 2},
    {**ONE, "activation": "elu", "value": 0.9, "epoch": 1},
]
SCORES = {"relu": [[0.95 + x, 0.95 + x] for x in NOISE], "gelu": [[0.9 + x, 0.92 + x] for x in NOISE]}


def shown(**more: Any) -> Results:
    return results(SCORES, **{"published": NUMBERS, **more})


class TestReport:
    def test_the_sentence_counts_and_names(self) -> None:
        assert sentence(shown()) == (
            "1 of 5 published numbers agree with ours. Higher than ours: ReLU after epoch 2. "
            "Lower than ours: GELU after epoch 1 and 2. Undecided: ELU after epoch 1."
        )
        assert sentence(shown(published=NUMBERS[:1])) == "1 of 1 published number agrees with ours."

    def test_the_table_holds_every_number(self) -> None:
        table = numbers(shown())
        assert table.caption == "Published numbers beside ours: test accuracy"
        first, second, *_, last = table.rows
        assert first[:4] == ("ReLU", "1", "0.9500", "0.9500")
        assert re.fullmatch(r"0\.94\d\d to 0\.95\d\d", first[4])
        assert first[5:] == ("5", "✓ agrees")
        assert second[-1] == "▲ higher than ours"
        assert last == ("ELU", "1", "0.9000", "–", "–", "0", "? undecided\nno run of ours")
        assert "Source: Someone 2020, table 1." in table.note
        assert "Of 4 judged, about 0.2 would fall outside by chance." in table.note

    def test_scores_and_sources_that_differ_get_columns(self) -> None:
        other = {**ONE, "metric": "f1", "source": "Another 2021", "deviation": 0.01, "runs": 3}
        table = numbers(shown(published=[ONE, other]))
        assert table.columns[1] == "Score"
        assert table.columns[-1] == "Source"
        assert table.rows[1][1:4] == ("test macro F1", "last", "0.9000\n± 0.0100, 3 runs")
        assert "97.5 %" not in table.note
        assert "Welch's 95 % interval" in table.note
        assert "97.5 %" in numbers(shown(grown=True)).note

    def test_the_page_has_the_section_and_verification_recomputes_it(self, tmp_path: Path) -> None:
        study = Study(activation=["relu", "gelu"], epochs=2, seed=[0, 1, 2], published=NUMBERS)
        path = report.write(Results.read(records.folder(tmp_path, study)), tmp_path)
        text = path.read_text("utf-8")
        assert '<h2 id="published">Published numbers beside ours</h2>' in text
        assert f"<p>{sentence(Results.read(tmp_path))}</p>" in text
        assert (tmp_path / "figures" / "published_numbers.svg").is_file()
        assert list(check_page(tmp_path)) == []
        path.write_text(text.replace("<td>0.9900</td>", "<td>0.9800</td>"), "utf-8")
        (finding,) = check_page(tmp_path)
        assert "0.9800" in str(finding)

    def test_a_study_without_published_numbers_has_no_such_section(self, tmp_path: Path) -> None:
        study = Study(activation=["relu", "gelu"], epochs=1, seed=[0, 1])
        html = report.render(Results.read(records.folder(tmp_path, study)))
        assert 'id="published"' not in html
        assert "#published" not in html

    def test_every_setting_has_its_own(self, tmp_path: Path) -> None:
        study = Study(activation=["relu", "gelu"], epochs=2, seed=[0, 1, 2], lr=[0.1, 0.2], published=NUMBERS)
        html = report.render(Results.read(records.folder(tmp_path, study)))
        assert html.count("Published numbers beside ours: test accuracy</caption>") == 2

    def test_hostile_words_act_nowhere(self, tmp_path: Path) -> None:
        hostile = {**ONE, "source": "<script>alert(1)</script>"}
        study = Study(activation="relu", epochs=1, seed=[0, 1], published=[hostile])
        html = report.render(Results.read(records.folder(tmp_path, study)))
        assert "<script>" not in html
        assert "&lt;script&gt;alert(1)" in html

    def test_the_terminal_shows_the_same(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        study = Study(activation=["relu", "gelu"], epochs=2, seed=[0, 1, 2], published=NUMBERS)
        records.folder(tmp_path / "s", study)
        assert execute(["compare", str(tmp_path / "s")]) == DONE
        out = capsys.readouterr().out
        told = numbers(Results.read(tmp_path / "s"))
        assert sentence(Results.read(tmp_path / "s")) in " ".join(out.split())
        assert all(row[4] in out for row in told.rows)
        assert max(map(len, out.splitlines())) <= 80


class TestFigure:
    @pytest.mark.parametrize("width", [7.3, 3.4])
    def test_every_number_is_a_mark_within_its_panel(self, width: float) -> None:
        given = shown()
        made = figures.published(given, width=width)
        assert [panel.title for panel in panels_of(given)] == [
            "Test accuracy after epoch 1",
            "Test accuracy after epoch 2",
        ]
        assert len(made.axes) == 2
        drawn = {
            x for axes in made.axes for line in axes.lines for x in np.atleast_1d(line.get_xdata()).tolist()
        }
        assert {each.value for each in given.study.published} <= drawn
        for axes, panel in zip(made.axes, panels_of(given), strict=True):
            low, high = axes.get_xlim()
            assert all(low < row.published.value < high for _, row in panel.rows)

    @pytest.mark.parametrize("width", [7.3, 3.4])
    def test_nothing_is_written_beyond_the_sheet_or_over_another(self, width: float) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        three = ("relu", "gelu", "leaky_relu(negative_slope=0.002)")
        many = [{**ONE, "activation": name, "epoch": epoch} for name in three for epoch in (1, 2, 3)]
        made = figures.published(shown(published=many), width=width)
        canvas = FigureCanvasAgg(made)
        canvas.draw()  # type: ignore[no-untyped-call]
        renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
        boxes = [
            text.get_window_extent(renderer)
            for text in made.findobj(Text)
            if text.get_text() and text.get_visible()
        ]
        wide, tall = made.get_size_inches() * made.dpi
        assert all(
            box.x0 >= -1 and box.x1 <= wide + 1 and box.y0 >= -1 and box.y1 <= tall + 1 for box in boxes
        )
        assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])

    def test_what_stands_in_for_it_says_it_all(self) -> None:
        label = str(figures.published(shown()).get_label())
        assert "ReLU, test accuracy after epoch 2: published 0.9900, ours 0.9500, higher than ours." in label
        assert "ELU, test accuracy after epoch 1: published 0.9000, none of ours, undecided." in label

    def test_few_runs_and_none(self) -> None:
        one = results({"relu": [0.95]}, published=[ONE])
        assert "no spread" in held_beside(one)[0].why
        assert len(figures.published(one).axes) == 1
        assert (
            "names no published numbers" in figures.published(results({"relu": [0.9]})).texts[-1].get_text()
        )


class TestLiterature:
    def test_e_swish_is_the_paper_s(self) -> None:
        study = Study.read("e-swish")
        assert study.activation == ("relu", "silu", "e_swish", "e_swish(beta=2)")
        assert (study.size, len(study.published), len(study.claims)) == (40, 16, 4)
        last = {each.activation: each.value for each in study.published if each.epoch == 20}
        assert last == {"relu": 0.9806, "silu": 0.9779, "e_swish": 0.9801, "e_swish(beta=2)": 0.9809}
        assert {each.split for each in study.published} == {"test"}

    def test_tangma_is_the_paper_s(self) -> None:
        study = Study.read("tangma")
        assert (study.size, len(study.published), len(study.claims)) == (20, 4, 3)
        assert {each.activation: each.value for each in study.published} == {
            "relu": 0.9896, "silu": 0.9891, "gelu": 0.9894, "tangma": 0.9909}  # fmt: skip
        assert {(each.split, each.epoch) for each in study.published} == {("valid", 10)}

    @pytest.mark.parametrize("name", ["e-swish", "tangma"])
    def test_it_can_be_cut_short(self, name: str) -> None:
        study = Study.read(name, {"epochs": 2, "seed": [0]})
        assert study.published == Study.read(name).published
