"""Steps as work on tensors, captured and replayed: the logic around a CUDA graph, with a stand-in for the GPU."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
import torch

from reluctant.engines import Done, Event, Failed
from reluctant.engines.packs import execute_pack
from reluctant.engines.run_queue import execute_run
from reluctant.engines.training_work import TrainingWork
from reluctant.study import Run
from reluctant.training import TrainingPack, build_training
from reluctant.training.cuda_graphs import CudaCapture
from reluctant.training.runner import load_run_data
from reluctant.training.step_graphs import Replayable
from reluctant.training.tensor_steps import TensorSteps
from tests.support.pack_records import records_of

# A learning rate that float32 holds exactly: on a GPU it is a tensor
FEW: dict[str, Any] = {"train_fraction": 0.1, "epochs": 2, "batch_size": 50, "lr": 2.0**-9}
RUNS = [
    Run("relu", **FEW, model="convnet(dropout=0.15)"),
    Run("prelu", **FEW, model="mlp", optimizer="sgd(momentum=0.9, nesterov=True)", clip_norm=0.5),
    Run("rrelu", **FEW, model="mlp", optimizer="adamw"),
    Run("gelu", **FEW, model="mlp", optimizer="rmsprop(momentum=0.5)", label_smoothing=0.1),
]


class Steps:
    """Takes the steps again when it is replayed."""

    def __init__(self, members: Sequence[TensorSteps], size: int) -> None:
        self.members, self.size = members, size

    def replay(self) -> None:
        for member in self.members:
            member.step(self.size)


class FakeCapture:
    """Captures on a processor: a replayed step is the step itself, and memory is what a test says."""

    kind: ClassVar[str] = "cpu"
    bytes_free: ClassVar[int] = 2000
    captured: ClassVar[list[tuple[int, int]]] = []  # runs and size of every captured step

    def __init__(self, device: torch.device) -> None:
        pass

    @contextmanager
    def warming_up(self) -> Iterator[None]:
        yield

    def global_random_position(self) -> int:
        return 0  # what the processor's random numbers do is seen without it

    def capture(self, members: Sequence[TensorSteps], size: int) -> Replayable:
        self.captured.append((len(members), size))
        return Steps(members, size)

    def wait(self) -> None:
        pass

    def memory(self) -> tuple[int, int]:
        return 100 * len(self.captured), self.bytes_free


class Nothing:
    def replay(self) -> None:
        pass


class Forgetful(FakeCapture):
    """Replays nothing at all."""

    def capture(self, members: Sequence[TensorSteps], size: int) -> Replayable:
        return Nothing()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeCapture, "captured", [])


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> TrainingWork:
    return TrainingWork(str(tmp_path_factory.mktemp("graphs") / "none"), device="cpu")


def train(work: TrainingWork, runs: Sequence[Run], capture: Any) -> list[Event]:
    """The events of one pack, whose steps this captures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingWork, "open_pack", lambda self: TrainingPack(capture))
        return list(execute_pack(work, runs))


def how(events: Sequence[Event]) -> dict[Run, str]:
    """How each run's steps were taken, by its record."""
    ends = [event for event in events if isinstance(event, Done)]
    return {end.run: end.record.provenance.steps for end in ends if end.record.provenance is not None}


@pytest.fixture(scope="module")
def alone(work: TrainingWork) -> dict[Run, Any]:
    return records_of([event for run in RUNS for event in train(work, [run], CudaCapture)])


def test_replayed_steps_change_no_record(work: TrainingWork, alone: dict[Run, Any]) -> None:
    events = train(work, RUNS, FakeCapture)
    assert records_of(events) == alone
    assert set(how(events).values()) == {"replayed from a CUDA graph"}
    sizes = {size for number, size in FakeCapture.captured if number == 4}
    assert len(sizes) == 2  # one graph for whole batches, another for the last one


def test_alone_and_in_a_pack_replayed_steps_are_the_same(work: TrainingWork, alone: dict[Run, Any]) -> None:
    assert records_of(train(work, RUNS[2:3], FakeCapture)) == {RUNS[2]: alone[RUNS[2]]}


def test_nothing_is_captured_for_a_processor(work: TrainingWork, alone: dict[Run, Any]) -> None:
    events = list(execute_pack(work, RUNS[1:3]))
    assert set(how(events).values()) == {""}


def test_tokens_and_schedules(work: TrainingWork, tmp_path: Any) -> None:
    text = tmp_path / "text.txt"
    text.write_text("".join(chr(97 + i * i % 23) for i in range(3000)))
    fields: dict[str, Any] = {
        "dataset": f"text(path='{text}', context=16)", "steps": 40, "epochs": 2, "batch_size": 8, "lr": 2.0**-6,
        "schedule": "cosine(warmup=4)", "model": "gpt(layers=1, width=16, heads=2)",
    }  # fmt: skip
    run = Run("gelu", **fields)
    (one,), (other,) = (records_of(train(work, [run], each)).values() for each in (CudaCapture, FakeCapture))
    for epoch, expected in zip(other["epochs"], one["epochs"], strict=True):
        assert epoch["loss"] == pytest.approx(expected["loss"], abs=1e-5)  # rates are float32 here


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"augment": "noise"}, "inputs are changed at random by the processor"),
        ({"accumulate": 2}, "gradients of several batches are added up"),
        ({"procedure": "tests.support.own_procedures:Twice"}, "a procedure of the study's own takes them"),
        ({"model": "tests.support.own_models:GlobalDropout"}, "its network reads global random numbers"),
    ],
)
def test_what_cannot_be_captured_is_trained_one_by_one_and_says_why(
    fields: dict[str, Any], reason: str, work: TrainingWork, alone: dict[Run, Any]
) -> None:
    run = Run("gelu", **{**FEW, "model": "mlp", **fields})
    events = train(work, [RUNS[2], run], FakeCapture)
    expected = records_of(train(work, [run], CudaCapture))
    assert records_of(events) == {run: expected[run], RUNS[2]: alone[RUNS[2]]}
    assert how(events)[RUNS[2]] == "replayed from a CUDA graph"
    if "procedure" not in fields:  # which takes its steps itself
        assert how(events)[run] == f"one by one: {reason}"


def test_a_replayed_step_with_other_numbers_is_not_used(work: TrainingWork, alone: dict[Run, Any]) -> None:
    events = train(work, RUNS[1:3], Forgetful)
    assert records_of(events) == {run: alone[run] for run in RUNS[1:3]}
    assert set(how(events).values()) == {"one by one: a replayed step gave other numbers than the step itself"}


def test_divergence_of_one_run(work: TrainingWork, alone: dict[Run, Any]) -> None:
    run = Run("relu", **{**FEW, "lr": 2.0**100, "optimizer": "sgd", "model": "mlp"})
    events = train(work, [RUNS[1], run, RUNS[2]], FakeCapture)
    content = records_of(events)
    assert content[run]["diverged"] == 1
    assert how(events)[run].startswith("replayed from a CUDA graph")
    assert "; the loss was not finite at step " in how(events)[run]
    assert {each: content[each] for each in RUNS[1:3]} == {each: alone[each] for each in RUNS[1:3]}


def test_memory_limits_the_pack(work: TrainingWork, alone: dict[Run, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeCapture, "bytes_free", 500)  # and the first run took 400
    events = train(work, RUNS, FakeCapture)
    assert records_of(events) == alone
    assert max(number for number, _ in FakeCapture.captured) == 2


def test_a_lack_of_memory_during_the_capture_is_retried(work: TrainingWork) -> None:
    class Full(FakeCapture):
        def capture(self, members: Sequence[TensorSteps], size: int) -> Replayable:
            raise torch.OutOfMemoryError("CUDA out of memory")

    class Measured(Full):
        def capture(self, members: Sequence[TensorSteps], size: int) -> Replayable:
            return Steps(members, size) if len(members) == 1 else super().capture(members, size)

    events = train(work, RUNS[1:3], Measured)
    failures = [event for event in events if isinstance(event, Failed)]
    assert [failure.retryable for failure in failures] == [True, True]
    assert failures[0].cause.startswith("out of memory")


@pytest.mark.filterwarnings("ignore:cumsum")
def test_operations_that_are_not_deterministic_are_named(work: TrainingWork) -> None:
    events = train(work, [Run("gelu", **FEW, model="tests.support.own_models:NotDeterministic")], FakeCapture)
    (text,) = how(events).values()
    assert text == "replayed from a CUDA graph; cumsum_cuda_kernel does not have a deterministic implementation"


def test_a_run_that_raises_leaves_the_others_whole(work: TrainingWork, alone: dict[Run, Any]) -> None:
    failing = Run("gelu", **FEW, model="tests.support.own_models:GlobalDropout(fails=True)")
    events = train(work, [RUNS[1], failing], FakeCapture)
    (failure,) = (event for event in events if isinstance(event, Failed))
    assert "the third step fails" in failure.cause
    assert records_of([event for event in events if event is not failure]) == {RUNS[1]: alone[RUNS[1]]}


def test_small_data_whose_batches_are_not_repeated(work: TrainingWork) -> None:
    runs = [Run(name, **{**FEW, "batch_size": 100}, model="mlp") for name in ("relu", "elu")]  # of 143 images
    events = train(work, runs, FakeCapture)
    assert records_of(events) == records_of([event for run in runs for event in train(work, [run], CudaCapture)])
    assert set(how(events).values()) == {"replayed from a CUDA graph"}


def test_runs_whose_passes_begin_at_other_steps(work: TrainingWork) -> None:
    """Twenty steps are three passes over 143 images; a run that joins later has other passes in its epoch."""
    fields: dict[str, Any] = {**FEW, "batch_size": 20, "steps": 40, "model": "mlp"}
    ahead, later = (Run(name, **fields) for name in ("relu", "elu"))
    pack, members = TrainingPack(FakeCapture), []
    for run in (ahead, later):
        training = build_training(run, load_run_data(run, None))
        members.append((training, training.turns()))
    pack.take([next(members[0][1])])  # type: ignore[list-item]
    next(members[0][1])
    pack.take([next(turns) for _, turns in members])  # type: ignore[misc]
    losses = [epoch.loss.train for epoch in (next(members[0][1]), next(members[1][1]))]  # type: ignore[union-attr]
    alone = records_of([event for run in (ahead, later) for event in train(work, [run], CudaCapture)])
    assert losses == [alone[ahead]["epochs"][1]["loss"]["train"], alone[later]["epochs"][0]["loss"]["train"]]


def test_runs_that_compute_otherwise_are_not_in_one_graph() -> None:
    shapes = set()
    for fields in ({}, {"precision": "tf32"}, {"batch_size": 20}):
        run = Run("relu", **{**FEW, "model": "mlp", **fields})
        shapes.add(TensorSteps(build_training(run, load_run_data(run, None))).shape)
    assert len(shapes) == 3


def test_the_buffers_of_an_own_loss_are_taken_back(work: TrainingWork) -> None:
    run = Run("gelu", **FEW, model="mlp", loss="tests.support.own_losses:Averaging")
    events = train(work, [run], FakeCapture)
    assert set(how(events).values()) == {"replayed from a CUDA graph"}
    assert records_of(events) == records_of(train(work, [run], CudaCapture))


def test_buffers_that_are_replaced(work: TrainingWork) -> None:
    run = Run("gelu", **FEW, model="tests.support.own_models:ReplacesBuffer")
    events = train(work, [run], FakeCapture)
    assert how(events)[run] == "one by one: its network replaces its buffers by new ones"
    assert records_of(events) == records_of(train(work, [run], CudaCapture))


def test_steps_that_cannot_be_captured_together(work: TrainingWork, alone: dict[Run, Any]) -> None:
    class Alone(FakeCapture):
        def capture(self, members: Sequence[TensorSteps], size: int) -> Replayable:
            if len(members) > 1:
                raise RuntimeError("unjoined work")
            return super().capture(members, size)

    events = train(work, RUNS[1:3], Alone)
    assert records_of(events) == {run: alone[run] for run in RUNS[1:3]}
    assert set(how(events).values()) == {
        "one by one: the steps of 2 runs cannot be captured together: RuntimeError: unjoined work"
    }


def test_a_first_run_that_cannot_be_measured_fails_alone(work: TrainingWork, alone: dict[Run, Any]) -> None:
    class Small(FakeCapture):
        def capture(self, members: Sequence[TensorSteps], size: int) -> Replayable:
            if members[0].training.run == RUNS[1]:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().capture(members, size)

    events = train(work, RUNS[1:3], Small)
    (failure,) = (event for event in events if isinstance(event, Failed))
    assert (failure.run, failure.retryable) == (RUNS[1], True)
    assert records_of([event for event in events if event is not failure]) == {RUNS[2]: alone[RUNS[2]]}


def test_after_an_error_of_cuda_the_process_is_replaced() -> None:
    def work(run: Any) -> Iterator[Any]:
        raise RuntimeError("CUDA error: device-side assert triggered")
        yield

    (failure,) = (event for event in execute_run(work, "a") if isinstance(event, Failed))
    assert failure.retryable
