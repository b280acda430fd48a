"""On an NVIDIA GPU: the same bits alone, in packs, in processes and after a resume; losses near the processor's."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from reluctant.engines import Done, Epoch, Event, Failed, local, serial
from reluctant.engines.training_work import TrainingWork
from reluctant.study import Run
from tests.support.pack_records import records_of

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # PyTorch's, of operations that are not deterministic
]
FEW: dict[str, Any] = {"epochs": 2, "batch_size": 48}  # the last batch is smaller
MLP: dict[str, Any] = {**FEW, "model": "mlp"}
RUNS = [
    Run("relu", **FEW, model="convnet(dropout=0.15)"),
    Run("gelu", **FEW, model="convnet", precision="bf16"),
    Run("prelu", **MLP, optimizer="adamw", schedule="cosine"),
    Run("rrelu", **MLP, optimizer="sgd(momentum=0.9, nesterov=True)", clip_norm=0.5),
    Run("swiglu", **MLP, optimizer="rmsprop(momentum=0.5)"),
    Run("maxout", **MLP, optimizer="adam", label_smoothing=0.1),
    Run("elu", **{**MLP, "epochs": 7}, patience=1, lr=0.3),  # may stop early
    Run("relu", **MLP, optimizer="sgd", lr=1e30),  # diverges
    Run("gelu", **FEW, model="resnet"),
    Run("silu", **FEW, model="tests.support.own_models:GlobalDropout"),  # one by one
    Run("relu", **MLP, accumulate=2),  # one by one
]
TEXT: dict[str, Any] = {
    "dataset": "shakespeare(context=32)", "steps": 20, "epochs": 2, "batch_size": 8, "train_fraction": 0.02,
}  # fmt: skip
GPTS = [
    Run(name, seed, model="gpt(layers=1, width=32, heads=2)", **TEXT) for name in ("gelu", "swiglu") for seed in (0, 1)
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> TrainingWork:
    return TrainingWork(str(tmp_path_factory.mktemp("cuda") / "none"), device="cuda")


@pytest.fixture(scope="module")
def alone(work: TrainingWork) -> dict[Run, Any]:
    return records_of(serial(work, RUNS))


@pytest.mark.parametrize("size", [3, 11])
def test_packs_have_the_bits_of_runs_alone(size: int, work: TrainingWork, alone: dict[Run, Any]) -> None:
    assert records_of(serial(work, RUNS, pack=size)) == alone
    assert records_of(serial(work, RUNS[::-1], pack=size)) == alone


def test_tokens(work: TrainingWork) -> None:
    assert records_of(serial(work, GPTS, pack=4)) == records_of(serial(work, GPTS))


def test_steps_are_replayed_and_reasons_are_named(work: TrainingWork) -> None:
    how: dict[Run, str] = {}
    for event in serial(work, RUNS, pack=11):
        if isinstance(event, Done) and event.record.provenance is not None:
            how[event.run] = event.record.provenance.steps
    replayed = [run for run in RUNS if how[run].startswith("replayed from a CUDA graph")]
    assert replayed == RUNS[:9]
    assert how[RUNS[9]] == "one by one: its network reads PyTorch's global random numbers"
    assert how[RUNS[10]] == "one by one: gradients of several batches are added up"


def test_a_worker_process(work: TrainingWork, alone: dict[Run, Any]) -> None:
    assert records_of(local(work, RUNS[:4], workers=1, pack=4)) == {run: alone[run] for run in RUNS[:4]}


def test_after_a_resume(tmp_path: Path, alone: dict[Run, Any]) -> None:
    work, runs = TrainingWork(str(tmp_path), device="cuda"), RUNS[:6]
    events, epochs = serial(work, runs, pack=6), 0
    while epochs < 8:  # all have ended their first epoch, some their second
        epochs += isinstance(next(events), Epoch)
    events.close()
    assert records_of(serial(work, runs, pack=6)) == {run: alone[run] for run in runs}


def test_a_run_that_raises_leaves_the_others_whole(work: TrainingWork, alone: dict[Run, Any]) -> None:
    failing = Run("gelu", **FEW, model="tests.support.own_models:GlobalDropout(fails=True)")
    events: Sequence[Event] = list(serial(work, [RUNS[2], failing, RUNS[3]], pack=3))
    (failure,) = (event for event in events if isinstance(event, Failed))
    assert "the third step fails" in failure.cause
    expected = {run: alone[run] for run in RUNS[2:4]}
    assert records_of(event for event in events if event is not failure) == expected


def test_losses_are_near_those_of_the_processor(work: TrainingWork, alone: dict[Run, Any]) -> None:
    runs = [run for run in RUNS if run.activation != "rrelu" and "ropout" not in run.model and run.lr == Run.lr]
    runs = [run for run in runs if run.precision == "float32"]
    assert len(runs) >= 4
    processor = records_of(serial(TrainingWork(work.folder, device="cpu"), runs))
    for run in runs:
        first, other = alone[run]["epochs"][0]["loss"], processor[run]["epochs"][0]["loss"]
        assert first == pytest.approx(other, abs=1e-4), run
