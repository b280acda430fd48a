"""Runs that take their steps in turn have the records that they have alone, to the bit."""

from pathlib import Path
from typing import Any

import pytest

from reluctant.engines import Epoch, Failed, Message, local, serial
from reluctant.engines.packs import execute_pack, pop_pack
from reluctant.engines.run_queue import Attempt, RunQueue
from reluctant.engines.training_work import TrainingWork
from reluctant.study import Run
from reluctant.training import EpochSteps, TrainingPack
from tests.support.pack_records import records_of

FEW: dict[str, Any] = {"train_fraction": 0.1, "epochs": 2, "batch_size": 50}  # the last batch is smaller
DROPOUT = "tests.support.own_models:GlobalDropout"
RUNS = [
    Run("relu", **FEW, model="convnet(dropout=0.15)"),
    Run("prelu", **FEW, model="convnet", optimizer="sgd(momentum=0.9)", clip_norm=0.5),
    Run("rrelu", **FEW, model="mlp", schedule="cosine", optimizer="adamw"),
    Run("gelu", **FEW, model=DROPOUT),  # global random numbers
    Run("relu", **FEW, model="mlp", augment="noise", accumulate=2),
    Run("elu", **{**FEW, "epochs": 7}, model="mlp", patience=1, lr=1e-30),  # stops early, as nothing changes
    Run("relu", **FEW, model="mlp", optimizer="sgd", lr=1e30),  # diverges
    Run("elu", **FEW, model="mlp", procedure="tests.support.own_procedures:Twice"),  # takes its steps itself
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> TrainingWork:
    """It has no folder, so it writes no checkpoints."""
    return TrainingWork(str(tmp_path_factory.mktemp("packs") / "none"), device="cpu")


@pytest.fixture(scope="module")
def alone(work: TrainingWork) -> dict[Run, Any]:
    return records_of(serial(work, RUNS))


def test_the_runs_are_of_all_kinds(alone: dict[Run, Any]) -> None:
    assert alone[RUNS[5]]["stopped"] < 7
    assert alone[RUNS[6]]["diverged"]


@pytest.mark.parametrize("size", [3, 8])
def test_a_pack_changes_no_record(size: int, work: TrainingWork, alone: dict[Run, Any]) -> None:
    assert records_of(serial(work, RUNS, pack=size)) == alone


def test_companions_change_no_record(work: TrainingWork, alone: dict[Run, Any]) -> None:
    mixed = [RUNS[i] for i in (6, 3, 0, 5)]
    assert records_of(serial(work, mixed, pack=4)) == {run: alone[run] for run in mixed}


@pytest.mark.slow  # tests/engines/test_ray.py has packs in processes of Ray
def test_packs_in_processes_change_no_record(work: TrainingWork, alone: dict[Run, Any]) -> None:
    assert records_of(local(work, RUNS, workers=2, pack=4)) == alone


def test_the_steps_alternate(work: TrainingWork, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    advance = EpochSteps.advance

    def recording(steps: EpochSteps) -> bool:
        order.append(steps.training.run.activation)
        return advance(steps)

    monkeypatch.setattr(EpochSteps, "advance", recording)
    runs = [Run(name, **{**FEW, "epochs": 1}, model="mlp") for name in ("relu", "elu")]
    records_of(serial(work, runs, pack=2))
    assert order[:6] == ["relu", "elu"] * 3


def test_tokens(work: TrainingWork, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("".join(chr(97 + i * i % 23) for i in range(3000)))
    few: dict[str, Any] = {"dataset": f"text(path='{text}', context=16)", "steps": 6, "epochs": 2, "batch_size": 8}
    runs = [
        Run(name, seed, model="gpt(layers=1, width=16, heads=2)", **few)
        for name in ("gelu", "swiglu")
        for seed in (0, 1)
    ]
    assert records_of(serial(work, runs, pack=4)) == records_of(serial(work, runs))


@pytest.mark.resume
def test_a_pack_continues_from_its_checkpoints(tmp_path: Path, alone: dict[Run, Any]) -> None:
    work = TrainingWork(str(tmp_path), device="cpu")
    runs = [RUNS[0], RUNS[2], RUNS[3], RUNS[5]]
    events, epochs = serial(work, runs, pack=4), 0
    while epochs < 5:  # all have ended their first epoch, one its second
        epochs += isinstance(next(events), Epoch)
    events.close()
    continued = list(serial(work, runs, pack=4))
    messages = [event.text for event in continued if isinstance(event, Message)]
    assert sorted(messages) == ["continues after epoch 1 of 2"] * 2 + [
        "continues after epoch 1 of 7",
        "continues after epoch 2 of 2",
    ]
    assert records_of(continued) == {run: alone[run] for run in runs}


def test_a_run_that_raises_leaves_the_others_whole(work: TrainingWork, alone: dict[Run, Any]) -> None:
    failing = Run("gelu", **FEW, model=f"{DROPOUT}(fails=True)")
    events = list(serial(work, [RUNS[2], failing, RUNS[3]], pack=3))
    (failure,) = (event for event in events if isinstance(event, Failed))
    assert failure.run == failing
    assert "RuntimeError: the third step fails" in failure.cause
    assert records_of(event for event in events if event is not failure) == {
        RUNS[2]: alone[RUNS[2]],
        RUNS[3]: alone[RUNS[3]],
    }


def test_no_more_runs_than_fit_train_at_once(
    work: TrainingWork, alone: dict[Run, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    take = TrainingPack.take
    monkeypatch.setattr(TrainingPack, "capacity", lambda self, steps, runs: 2)

    def counting(pack: TrainingPack, steps: list[EpochSteps]) -> None:
        taken.append(len(steps))
        take(pack, steps)

    monkeypatch.setattr(TrainingPack, "take", counting)
    runs = [RUNS[2], RUNS[5], RUNS[6], RUNS[3]]
    assert records_of(execute_pack(work, runs)) == {run: alone[run] for run in runs}
    assert max(taken) == 2


def test_a_pack_shares_data_and_threads(work: TrainingWork) -> None:
    runs = [Run("relu"), Run("elu", pixels="raw"), Run("gelu"), Run("silu", threads=2), Run("mish")]
    queue = RunQueue(runs)
    packs = []
    while queue:
        packs.append([attempt.run.activation for attempt in pop_pack(queue, work, 2)])
    assert packs == [["relu", "gelu"], ["elu"], ["silu"], ["mish"]]


def test_after_a_lack_of_memory_a_pack_is_half_as_large() -> None:
    queue = RunQueue(range(8))
    attempts = queue.pop_pack(8, lambda run: "")
    assert [attempt.run for attempt in attempts] == list(range(8))
    for attempt in attempts:
        queue.finish(attempt, Failed(attempt.run, "out of memory", retryable=True))
    assert [attempt.run for attempt in queue.pop_pack(8, lambda run: "")] == [7, 6, 5, 4]
    queue.put_back(Attempt(9, 3))
    assert [attempt.run for attempt in queue.pop_pack(8, lambda run: "")] == [9]
