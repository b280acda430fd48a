"""`compare(train=…)` and studies with `train`: records, engines, resuming, growth, arms of any kind, and faults."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import reluctant
from reluctant import Study, StudyError
from reluctant.cli.main import CANNOT, DONE
from reluctant.engines import Message
from reluctant.records.store import Store, without_seconds
from tests.support import own_training
from tests.support.commands import answer
from tests.support.own_training import compared

Capture = pytest.CaptureFixture[str]
LINE = "tests.support.own_training:line"


pytestmark = pytest.mark.usefixtures("own_session")


def records(folder: str | Path) -> dict[str, Any]:
    """The records without what two equal trainings may differ in."""
    store = Store(Path(folder) / "runs")
    contents = {key: without_seconds(store.content(key)) for key in store}
    return {
        key: {k: v for k, v in each.items() if k not in ("sha256", "environment")} for key, each in contents.items()
    }


def test_a_function_reports_and_gets_verdicts() -> None:
    results = compared(own_training.line, metric="accuracy", margin=0.1)
    assert results.scores().shape == (2, 3)
    assert results.curves("loss").shape == (3, 6)
    assert (results.curves("loss").iloc[-1] < results.curves("loss").iloc[0]).all()
    assert results.data.question.metric.higher
    assert results.verdicts().index.name == "activation"
    again = compared(own_training.line, metric="accuracy", margin=0.1)
    assert again.scores().equals(results.scores())


def test_of_a_number_without_a_name_it_is_said_which_way_is_better() -> None:
    """A loss that a function returned was compared as a score, and the worst activation called better."""

    def score(trial: Any) -> float:
        return float(trial.seed + len(trial.arm))

    (remark,) = (each for each in compared(score).data.remarks if "more is taken to be better" in each)
    assert "higher=False" in remark
    assert "more is taken" not in "".join(compared(score, metric="score", higher=False).data.remarks)


def test_every_arm_starts_with_the_same_random_numbers() -> None:
    numbers: dict[tuple[str, int], list[float]] = {}

    def train(trial: reluctant.Trial) -> float:
        trial.activation()
        drawn = [torch.rand(1).item(), torch.rand(1, generator=trial.generator()).item()]
        numbers[trial.arm, trial.seed] = drawn
        return drawn[0] + 0.01 * len(trial.arm)

    compared(train, ["relu", "prelu", "swiglu"])
    for seed in range(3):
        assert numbers["relu", seed] == numbers["prelu", seed] == numbers["swiglu", seed]
    assert numbers["relu", 0] != numbers["relu", 1]


def test_a_swap_changes_no_weight_and_no_random_state() -> None:
    ends: dict[tuple[str, int], Any] = {}

    def train(trial: reluctant.Trial) -> float:
        first = torch.nn.Linear(3, 4)
        net = torch.nn.Sequential(first, torch.nn.ReLU(), torch.nn.Linear(4, 1))
        assert trial.swap(net) is net
        ends[trial.arm, trial.seed] = first.weight.detach().clone(), torch.rand(1).item(), type(net[1]).__name__
        return float(first.weight.sum())

    compared(train, ["elu", "prelu"])
    for seed in range(3):
        one, other = ends["elu", seed], ends["prelu", seed]
        assert torch.equal(one[0], other[0])
        assert (one[1], one[2], other[2]) == (other[1], "ELU", "PReLU")


@pytest.mark.resume
def test_engines_and_interruptions_change_no_number(tmp_path: Path) -> None:
    study = Study(activation=["relu", "gelu"], seed=[0, 1], train="tests.support.own_training:resumable")
    expected = reluctant.run(study, "serial", engine="serial")
    reluctant.run(study, "local", workers=2)
    assert records("local") == records("serial")
    killed = study.model_copy(update={"train": ("tests.support.own_training:resumable(kill_after=4)",)})
    messages: list[str] = []
    watch = lambda event: messages.append(event.text) if isinstance(event, Message) else None  # noqa: E731
    results = reluctant.run(killed, "killed", workers=2, watch=watch)
    assert results.scores().equals(expected.scores())
    assert results.curves().equals(expected.curves())
    assert sum("4 epochs had been reported" in text for text in messages) == 4
    assert not (tmp_path / "killed/checkpoints").exists()


def test_a_study_grows_and_is_asked_until_decided() -> None:
    results = compared(
        own_training.optimizer, {"low": 50, "high": 71}, seeds="until decided", until_decided={"start": 3, "most": 8}
    )
    assert results.verdicts().loc["high", "verdict"] == "better"
    assert results.verdicts().index.name == "arm"
    assert 3 <= len(results.study.seed) <= 8


def test_an_arm_can_be_added_and_a_changed_function_is_another_study() -> None:
    first = compared(own_training.traces, ["relu", "gelu"], folder=None)
    both = compared(own_training.traces, ["relu", "gelu", "elu"], folder=None)
    assert first.folder == both.folder
    assert len(Path("calls.txt").read_text().splitlines()) == 9

    def train(trial: reluctant.Trial) -> float:
        return 0.1 * trial.seed + 0.01 * len(trial.arm)

    before = compared(train, folder="mine").folder

    def train(trial: reluctant.Trial) -> float:  # type: ignore[no-redef]
        return 0.2 * trial.seed + 0.01 * len(trial.arm)

    with pytest.raises(StudyError, match="is not the code that mine was trained with"):
        compared(train, seeds=4, folder=before)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("none", "returned nothing and reported nothing; return a score"),
        ("text", "score must be a number, not str ('0.93')"),
        ("array", "is an array of 3 values, not one number; report its mean"),
        ("bool", "must be a number, not bool"),
        ("empty", "has 0 scores"),
        ("raises", "ValueError: a fault of my own"),
        ("exits", "ended the program (sys.exit(3))"),
        ("epoch", "an epoch is a whole number from 0, not 'one'"),
    ],
)
def test_a_faulty_function_is_stopped_after_two_runs_with_one_message(fault: str, message: str) -> None:
    with pytest.raises(StudyError) as error:
        compared(f"tests.support.own_training:one_fault(fault='{fault}')")
    assert message in str(error.value)
    assert "the first 2 runs failed alike" in str(error.value)
    assert len(list(Path("out/failed").iterdir())) == 2


def test_scores_that_are_not_finite_count_as_diverged() -> None:
    results = compared("tests.support.own_training:one_fault(fault='nan')")
    assert results.data.scores.diverged("relu") == 3
    assert "No verdict" in repr(results)


def test_other_keys_equal_arms_and_an_ignored_seed_are_said() -> None:
    keys = compared("tests.support.own_training:one_fault(fault='keys')", folder="keys")
    assert "3 runs reported no accuracy_relu" in repr(keys)
    assert "which reported accuracy_gelu" in repr(keys)
    ignores = compared("tests.support.own_training:one_fault(fault='ignores')", folder="ignores")
    assert "the training does not use what is compared" in repr(ignores)
    assert "under all 3 seeds relu has the same accuracy".casefold() in repr(ignores).casefold()


@pytest.mark.parametrize("fault", ["prints", "forks"])
def test_a_noisy_or_forking_function_does_no_harm(fault: str) -> None:
    results = compared(f"tests.support.own_training:one_fault(fault='{fault}')", engine="local", workers=2)
    assert results.scores().loc["gelu"].tolist() == pytest.approx([0.904, 0.914, 0.924])


def test_whether_a_training_is_repeatable_is_tried() -> None:
    texts: list[str] = []
    watch = lambda event: texts.append(getattr(event, "text", ""))  # noqa: E731
    compared(own_training.unrepeatable, check_repeatable=True, watch=watch, folder="other")
    assert any("not repeatable: relu, seed 0 reported score" in text for text in texts)
    compared(own_training.line, check_repeatable=True, watch=watch, folder="same")
    assert any("reported the same twice, to the last digit" in text for text in texts)
    with pytest.raises(StudyError, match="--check-repeatable is for train and command"):
        reluctant.compare(
            ["relu"], model="mlp", data="digits", check_repeatable=True, engine="serial", seeds=1, epochs=1
        )


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        ("relu", "what is compared is a list"),
        ([lambda x: x], "a lambda has no name"),
        ({"tanh_": torch.tanh, "sgd": torch.optim.SGD}, "compare one kind of thing"),
        ({"relu": torch.tanh}, "one of the catalogue; give it another name"),
        ({"": 1}, "the name of an arm is a short text"),
    ],
)
def test_arms_that_cannot_be_compared_are_refused(arms: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        compared(own_training.traces, arms)
    assert not Path("calls.txt").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "mlp"}, "leave out model and data"),
        ({"command": "python x.py {activation} {seed}"}, "train and command are both given"),
        ({"metric": "points"}, "reported score; choose one of these"),
        ({"baseline": "elu"}, "'elu' is not among the activations"),
    ],
)
def test_questions_that_do_not_fit_are_refused(options: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        compared(own_training.traces, **options)


def test_a_function_that_takes_no_trial_is_refused_before_training() -> None:
    def train() -> float:
        return 1.0

    with pytest.raises(StudyError, match="must take a trial"):
        compared(train)


def test_a_study_file_names_its_function(tmp_path: Path, capsys: Capture) -> None:
    text = (
        f'activation = ["relu", "elu"]\nseed = [0, 1, 2]\ntrain = "{LINE}(epochs=2)"\n[compare]\nmetric = "accuracy"\n'
    )
    (tmp_path / "mine.toml").write_text(text)
    assert answer(capsys, "run", "mine.toml", "--dry-run")[0] == DONE
    status, out, _ = answer(capsys, "run", "mine.toml", "--engine", "serial", "--check-repeatable", "-v")
    assert status == DONE
    assert "relu, seed 0: epoch 2, accuracy" in out
    page = (tmp_path / "out/mine/report.html").read_text()
    assert "Learning rate" not in page
    assert f"{LINE}(epochs=2)" in page
    assert Study.read(tmp_path / "out/mine/study.toml").train == (f"{LINE}(epochs=2)",)
    assert answer(capsys, "verify", "out/mine")[0] == DONE
    assert answer(capsys, "verify", "out/mine", "--retrain", "1")[0] == CANNOT
    path = next((tmp_path / "out/mine/runs").glob("*.json"))
    assert "lr" not in json.loads(path.read_text())["run"]


def test_arms_of_any_kind_stand_in_a_study_file_too(tmp_path: Path, capsys: Capture) -> None:
    text = 'arm = ["adamw, wd 0.1", "muon"]\nseed = [0, 1, 2]\ntrain = "tests.support.own_training:traces"\n'
    (tmp_path / "arms.toml").write_text(text)
    status, out, _ = answer(capsys, "run", "arms.toml", "--engine", "serial")
    assert status == DONE
    assert "adamw, wd 0.1" in out
    assert "activation" not in (tmp_path / "out/arms/report.html").read_text().partition("</style>")[2]
    assert Study.read("out/arms/study.toml").arms == ("adamw, wd 0.1", "muon")
    status, _, err = answer(capsys, "run", "arms.toml", "--set", 'train=""', "--dry-run")
    assert (status, "our own training loop varies activations" in err) == (CANNOT, True)
