"""How a run computes: compiled steps, and what a processor refuses."""

import shutil
from typing import Any

import pytest
import torch

from reluctant.core.errors import StudyError
from reluctant.study import Run, Study
from reluctant.training import Training, check_numerics
from tests.support.small import SMALL, digits, trained

CPU = torch.device("cpu")


def test_a_processor_refuses_tf32() -> None:
    with pytest.raises(StudyError, match="precision = 'tf32' is of NVIDIA GPUs, and the device is cpu; leave it out"):
        check_numerics(Study(activation="relu", precision=["float32", "tf32"]), CPU)
    check_numerics(Study(activation="relu", precision="tf32"), torch.device("cuda"))


def test_compilation_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(StudyError, match=r"compile = true needs a C\+\+ compiler; install g\+\+, or leave compile out"):
        check_numerics(Study(activation="relu", compile=True), CPU)
    check_numerics(Study(activation="relu"), CPU)


@pytest.mark.parametrize("init", ["default", "as_made"])
def test_the_threads_of_the_process_decide_no_initial_weight(init: str) -> None:
    """A network with orthogonal weights started otherwise on a machine with more cores."""
    before, weights = torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        try:
            training = Training(Run("relu", model="tests.support.own_models:Orthogonal", init=init), digits())
        finally:
            torch.set_num_threads(before)
        weights.append(training.model.state_dict()["first.weight"])
    assert torch.allclose(weights[0] @ weights[0].T, torch.eye(128), atol=1e-5)
    assert torch.equal(*weights)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")  # of the compiler
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_compiled_steps_train_as_others_do() -> None:
    fields: dict[str, Any] = {"model": SMALL, "epochs": 2}
    one, other = (trained(Run("gelu", compile=flag, **fields), digits()) for flag in (False, True))
    losses = [[epoch.loss.train for epoch in each.epochs] for each in (one, other)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    assert one.run.key != other.run.key
