"""`judge` on tables: what columns are taken for, equality with SciPy and with a study of ours, and mistakes."""

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

import reluctant
from reluctant.cli.main import CANNOT, DONE
from reluctant.core.errors import StudyError
from reluctant.study import Study
from tests.support.commands import answer
from tests.support.records import study_folder, study_records
from tests.support.run_tables import SEEDS, fault, runs, verdict

Capture = pytest.CaptureFixture[str]
REAL = Path(os.environ.get("RELUCTANT_DATA", "")) / "runs"


def test_columns_are_guessed_and_what_was_guessed_is_written() -> None:
    results = reluctant.judge(runs())
    assert verdict(runs()) == "better"
    assert set(results.data.notes) == {"arms: activation", "seed: seed", "score: test_accuracy, more is better",
                                       "baseline: relu, the first arm of the table"}  # fmt: skip
    assert results.data.remarks == ()
    assert "GELU is better than ReLU" in repr(results)


@pytest.mark.parametrize("prefix", ["config.", "params.", "params_", "user_attrs_", "metrics."])
def test_columns_of_trackers_are_recognised(prefix: str) -> None:
    named = runs().rename(columns={name: f"{prefix}{name}" for name in ("activation", "seed", "test_accuracy")})
    assert verdict(named) == verdict(named, arm="activation", seed="seed", score="test_accuracy") == "better"


def test_a_file_of_any_format_gives_the_same(tmp_path: Path) -> None:
    frame = runs()
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    frame.to_csv(tmp_path / "b.csv", sep=";", decimal=",", index=False, encoding="utf-8-sig")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True, double_precision=15)
    frame.to_parquet(tmp_path / "a.parquet")
    expected = reluctant.judge(frame).verdicts()
    for path in tmp_path.iterdir():
        pd.testing.assert_frame_equal(reluctant.judge(path).verdicts(), expected, rtol=1e-12)


def test_each_arm_may_be_a_column(tmp_path: Path) -> None:
    expected = reluctant.judge(runs(), arm="activation").comparisons[0].family[0].difference
    wide = reluctant.judge(runs(), arm="activation").scores().T
    assert reluctant.judge(wide, arm=["relu", "gelu"], score="accuracy").comparisons[0].family[0].difference == expected
    wide.to_csv(tmp_path / "wide.csv")
    results = reluctant.judge(tmp_path / "wide.csv", arm=["relu", "gelu"], score="accuracy", baseline="gelu")
    assert results.verdicts().loc["relu", "verdict"] == "worse"
    assert "name them all: --arm relu --arm gelu" in fault(wide)
    assert "--arm elu: the table has no such column" in fault(wide, arm=["relu", "elu"])
    assert "names a column twice" in fault(wide, arm=["relu", "relu"])


def test_without_seeds_runs_are_not_paired() -> None:
    paired, unpaired = reluctant.judge(runs()), reluctant.judge(runs().drop(columns="seed"))
    assert "no column of seeds" in " ".join(unpaired.data.notes)
    one, two = (unpaired.scores().loc[arm].to_numpy() for arm in ("gelu", "relu"))
    (contrast,) = unpaired.comparisons[0].family
    welch = stats.ttest_ind(one, two, equal_var=False)
    assert contrast.difference.low == pytest.approx(welch.confidence_interval().low)
    assert contrast.verdict.value == "undecided"  # the noise that seeds share is not removed
    assert "8 runs each" in repr(unpaired)
    assert paired.comparisons[0].family[0].verdict.value == "better"
    assert reluctant.judge(runs(), paired=False).verdicts()["verdict"].iloc[1] == "undecided"


def test_settings_are_compared_by_themselves() -> None:
    both = pd.concat([runs(lr=0.1), runs(lr=0.01)])
    results = reluctant.judge(both)
    assert "settings: lr, each compared by itself" in results.data.notes
    assert [dict(each) for each in results.settings] == [{"lr": 0.1}, {"lr": 0.01}]
    assert len(results.comparisons) == 2
    for comparison in results.comparisons:
        one, other = comparison.family[0].difference, reluctant.judge(runs()).comparisons[0].family[0].difference
        assert (one.n, one.mean, one.low, one.high) == (other.n, other.mean, other.low, other.high)
        assert one.corrected is not None
        assert one.corrected == 2 * (other.corrected or 0.0)  # the settings are decided together


def test_an_identifier_of_the_run_is_no_setting() -> None:
    twice = pd.concat([runs(), runs()]).assign(run_id=lambda table: range(len(table)))
    assert "have the same activation = relu, seed = 0" in fault(twice)


def test_epochs_give_curves_and_the_last_one_counts() -> None:
    epochs = pd.concat([runs().assign(epoch=e, test_accuracy=runs()["test_accuracy"] - 0.1 / e) for e in (2, 1, 3)])
    results = reluctant.judge(epochs)
    last = epochs[epochs["epoch"] == 3].set_index(["activation", "seed"])["test_accuracy"]
    assert results.scores().loc["gelu", 4] == last["gelu", 4]
    assert results.curves().shape == (3, 16)
    assert "epoch: epoch" in results.data.notes
    with pytest.raises(StudyError, match="validation scores, and test_accuracy has none"):
        reluctant.judge(epochs, at="best").verdicts()
    val = epochs.assign(val_accuracy=epochs["epoch"].map({1: 0.1, 2: 0.3, 3: 0.2}))
    best = reluctant.judge(val, score="test_accuracy", at="best").scores(at="best")
    second = epochs[epochs["epoch"] == 2].set_index(["activation", "seed"])["test_accuracy"]
    assert best.loc["relu", 1] == second["relu", 1]


def test_a_run_without_a_last_score_counts_as_diverged() -> None:
    table = runs()
    table.loc[9, "test_accuracy"] = float("nan")
    results = reluctant.judge(table)
    assert results.verdicts().loc["gelu", "n"] == 7
    assert "no number as the last score (gelu, seed 1)" in " ".join(results.data.remarks)
    assert results.verdicts().loc["gelu", "verdict"] == "no verdict"  # an arm with lost runs never wins by the others


def test_unfinished_runs_are_left_out() -> None:
    table = runs(state=["finished"] * 15 + ["crashed"])
    results = reluctant.judge(table)
    assert results.verdicts().loc["gelu", "n"] == 7
    assert "1 rows are left out: their state is crashed" in " ".join(results.data.remarks)
    assert "gelu has no run for seed 7" in " ".join(results.data.remarks)


def test_what_differs_with_the_arm_and_ignored_seeds_are_said() -> None:
    table = runs()
    table["lr"] = table["activation"].map({"relu": 0.1, "gelu": 0.01})
    assert "the arms differ in lr as well" in " ".join(reluctant.judge(table).data.remarks)
    table.loc[table["activation"] == "relu", "test_accuracy"] = 0.91234567
    assert "seeds relu has the same test_accuracy" in " ".join(reluctant.judge(table).data.remarks)


def test_percentages_have_points_of_their_own() -> None:
    table = runs()
    table["test_accuracy"] *= 100
    results = reluctant.judge(table)
    (contrast,) = results.comparisons[0].family
    assert results.data.question.margin == pytest.approx(0.2)
    assert "2.0" in repr(results).split("better than ReLU by ")[1][:4]
    assert contrast.difference.mean == pytest.approx(2.0, abs=0.1)
    table.loc[3, "test_accuracy"] = 0.93
    assert "mixed" in fault(table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.rename(columns={"activation": "x"}), "which column names what is compared?"),
        (lambda t: t.rename(columns={"test_accuracy": "points"}), "which column is the score?"),
        (lambda t: t.assign(val_accuracy=1.0).rename(columns={"test_accuracy": "acc"}), "which column is the score?"),
        (lambda t: t.assign(optimizer=[*"aaaabbbbbbbbaaaa"]), "the arms may be activation or optimizer"),
        (lambda t: t.assign(activation=["", *t["activation"][1:]]), "activation is empty"),
        (lambda t: t.assign(seed=[f"init={i} order=2 noise=1 split=0" for i in SEEDS] * 2), "those of a [seed] table"),
        (lambda t: t.iloc[:0], "row"),
    ],
)
def test_an_open_question_is_asked(change: Any, message: str) -> None:
    assert message in fault(change(runs()))


def test_a_page_is_written_into_a_folder_that_is_no_study_s(tmp_path: Path) -> None:
    """The page of a study was replaced by that of a table."""
    judged = reluctant.judge(runs())
    with pytest.raises(StudyError, match=r"no folder; name one, as in results.report\('out/judged'\)"):
        judged.report()
    study = study_folder(tmp_path / "study", Study(activation=["relu", "gelu"], seed=[0, 1], epochs=2))
    with pytest.raises(StudyError, match="is the folder of a study, which has a page of its own"):
        judged.report(study)
    own = reluctant.judge(study)
    assert own.report() == own.report(study / ".." / study.name).replace(f"/../{study.name}", "")
    assert judged.report(tmp_path / "judged") == str(tmp_path / "judged/report.html")


def test_a_table_without_numbers_says_so() -> None:
    with pytest.raises(StudyError, match="The table has no column of numbers left; add one with the scores"):
        reluctant.judge(pd.DataFrame({"activation": ["relu", "gelu"] * 3, "seed": [0, 0, 1, 1, 2, 2]}))


def test_the_direction_of_an_unknown_score_is_asked() -> None:
    table = runs().rename(columns={"test_accuracy": "points"})
    assert "--higher or --lower" in fault(table, score="points")
    assert verdict(table, score="points", higher=True) == "better"
    assert verdict(table, score="points", higher=False) == "worse"


def test_options_of_a_table_are_refused_for_a_folder(tmp_path: Path) -> None:
    from reluctant.study import Study

    study_folder(tmp_path, Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=1))
    assert "arm: only for a table" in fault(tmp_path, arm="activation")
    assert "score, paired: only for a table" in fault(tmp_path, score="f1", paired=False)


@pytest.mark.parametrize("metric", ["accuracy", "f1", "loss"])
def test_a_study_that_is_exported_and_judged_as_a_table_gives_the_same_numbers(tmp_path: Path, metric: str) -> None:
    from reluctant.study import Study

    study = Study(activation=["relu", "elu", "gelu"], seed=list(range(6)), epochs=3, lr=[0.1, 0.01], control=True,
                  compare={"metric": metric, "margin": 0.003})  # fmt: skip
    study_records(tmp_path / "study", study, {("gelu", 2): 2})
    ours = reluctant.judge(tmp_path / "study")
    path = ours.export(tmp_path / "study.csv")
    table = reluctant.judge(path, arm="activation", seed="seed", score=metric, setting="lr", margin=0.003)
    expected, actual = ours.verdicts(), table.verdicts()
    pd.testing.assert_frame_equal(actual, expected, check_exact=True)
    for one, other in zip(ours.comparisons, table.comparisons, strict=True):
        assert [c.difference for c in one.family] == [c.difference for c in other.family]
        assert [c.difference for c in one.pairs] == [c.difference for c in other.pairs]
        assert one.floor == other.floor


@pytest.mark.skipif(not REAL.is_dir(), reason="RELUCTANT_DATA has no tables of runs")
@pytest.mark.parametrize(
    ("name", "seeds"), [("signal-evolution", 12), ("speech-commands", 3), ("cifar10-120-epochs", 3)]
)
@pytest.mark.parametrize("score", ["test_accuracy", "test_loss"])
def test_tables_of_other_people_agree_with_scipy(name: str, seeds: int, score: str) -> None:
    table = pd.read_csv(REAL / f"{name}.csv").dropna(subset=[score])
    results = reluctant.judge(REAL / f"{name}.csv", arm="condition", score=score)
    (comparison,) = results.comparisons
    wide = table.pivot_table(index="seed", columns="condition", values=score)
    for contrast in comparison.family:
        if contrast.arm not in wide:
            continue
        ours = contrast.difference
        if ours.n < seeds:
            continue  # the column has no score of one of the two
        test = stats.ttest_rel(wide[contrast.arm], wide[contrast.other])
        ends = test.confidence_interval(0.95)
        assert ours.mean == pytest.approx((wide[contrast.arm] - wide[contrast.other]).mean(), rel=1e-12)
        assert ours.low == pytest.approx(ends.low, rel=1e-9)
        assert ours.high == pytest.approx(ends.high, rel=1e-9)


def test_the_command_prints_verdicts_json_and_a_status(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "runs.csv"
    runs().to_csv(path, index=False)
    status, out, _ = answer(capsys, "judge", str(path), "--margin", "0.01")
    assert status == DONE
    assert "Score: test_accuracy, more is better." in out
    assert "▲ better" in out
    status, out, _ = answer(capsys, "judge", str(path), "--json", "--fail-if", "worse")
    content = json.loads(out)
    assert (status, content["schema"]) == (DONE, 1)
    (gelu,) = [arm for arm in content["comparisons"][0]["arms"] if arm["arm"] == "gelu"]
    ours = reluctant.judge(path).comparisons[0].family[0]
    assert gelu["difference"] == ours.difference.mean
    assert tuple(gelu["interval"]) == ours.interval
    assert gelu["mean_interval"] != gelu["interval"]
    assert answer(capsys, "judge", str(path), "--baseline", "gelu", "--fail-if", "worse")[0] == 1
    status, _, err = answer(capsys, "judge", str(tmp_path / "none.csv"))
    assert (status, "none.csv" in err) == (CANNOT, True)


def test_a_page_and_files_are_written(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "runs.csv"
    runs().to_csv(path, index=False)
    for name in ("page", "a.html", "a.md", "a.tex", "a.csv", "a.json"):
        assert answer(capsys, "judge", str(path), "-o", str(tmp_path / name))[0] == DONE
    page = (tmp_path / "page/report.html").read_text()
    assert "Judged from runs.csv" in page
    assert "after the last epoch" not in page
    assert "confusion" not in page
    assert (tmp_path / "a.html").read_text().count("<svg") == page.count("<svg")
    again = reluctant.judge(tmp_path / "a.csv", arm="activation", score="test_accuracy")
    assert again.comparisons[0].family[0].difference == reluctant.judge(path).comparisons[0].family[0].difference
