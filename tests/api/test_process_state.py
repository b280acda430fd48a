"""What a call from Python leaves as it was, and what ends it when its folder goes."""

import os
import random
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import reluctant
from reluctant.activations import make, set_feature_axis
from reluctant.activations.blocks import GLU
from reluctant.core.process_state import preserve_process_state
from reluctant.core.randomness import RANDOM_STATES
from reluctant.engines.events import Epoch
from tests.support.small import SMALL, small_training


def state() -> dict[str, Any]:
    return {
        "python": random.getstate(),
        "numpy": str(np.random.get_state()),
        "torch": torch.get_rng_state().tolist(),
        "filters": list(warnings.filters),
        "variables": dict(os.environ),
        "threads": torch.get_num_threads(),
        "grad": torch.is_grad_enabled(),
    }


def compare(folder: Path, **options: Any) -> Any:
    fields = {"model": SMALL, "data": "digits", "seeds": 1, "epochs": 1, "engine": "serial", **options}
    return reluctant.compare(["relu", "elu"], folder=folder, **fields)


def test_a_comparison_leaves_the_process_as_it_was(tmp_path: Path) -> None:
    compare(tmp_path / "first")  # imports what is imported at first use
    before = state()
    compare(tmp_path / "second")
    assert state() == before


def test_comparisons_in_threads_are_the_same_as_alone_and_leave_random_states(tmp_path: Path) -> None:
    alone = compare(tmp_path / "alone").scores("loss")
    before = torch.get_rng_state()
    results: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda i=i: results.update({i: compare(tmp_path / str(i)).scores("loss")}))
        for i in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torch.equal(torch.get_rng_state(), before)
    assert [results[i].equals(alone) for i in range(3)] == [True, True, True]


def free_for_others() -> bool:
    """Whether another thread may seed and restore random states now."""
    answers: list[bool] = []

    def ask() -> None:
        answers.append(RANDOM_STATES.acquire(blocking=False))
        if answers[0]:
            RANDOM_STATES.release()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return answers[0]


def test_whoever_restores_random_states_lets_no_other_thread_seed_meanwhile() -> None:
    """They did without the lock, and then some comparisons in threads started from other weights."""
    free: dict[str, bool] = {}

    class Activation(torch.nn.ReLU):
        def __init__(self) -> None:
            super().__init__()
            free["an activation is built"] = free_for_others()

    class Gate(GLU):
        def reset_parameters(self) -> None:
            free["a block gets its weights"] = free_for_others()

    training = small_training()
    training.model.register_forward_pre_hook(lambda *_: free.update({"probes": free_for_others()}))
    training.probes.snapshot()
    make(Activation)
    set_feature_axis(Gate(), 1)(torch.ones(2, 8))
    assert free == dict.fromkeys(("probes", "an activation is built", "a block gets its weights"), False)
    assert free_for_others()


def test_of_calls_that_overlap_the_first_saves_and_the_last_restores() -> None:
    before = state()
    first, second = preserve_process_state(), preserve_process_state()
    first.__enter__()
    torch.manual_seed(1)
    random.seed(1)
    second.__enter__()
    warnings.simplefilter("error")
    first.__exit__(None, None, None)
    assert state() != before  # the second one still works
    second.__exit__(None, None, None)
    assert state() == before


def test_a_folder_that_is_renamed_while_it_trains_ends_the_study(tmp_path: Path) -> None:
    folder = tmp_path / "study"

    def rename(event: Any) -> None:
        if isinstance(event, Epoch) and folder.is_dir():
            folder.rename(tmp_path / "renamed")

    with pytest.raises(
        reluctant.StudyError, match=r"was removed or renamed while the study was running, .* move it back"
    ):
        compare(folder, watch=rename, epochs=2)
