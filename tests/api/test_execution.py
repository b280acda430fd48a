"""Options of execution: what goes with which engine, GPUs and their processes, packs."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import reluctant
from reluctant.api.execution import PACK_ON_A_CARD, ExecutionOptions
from reluctant.core import graphics_cards as cards
from reluctant.core.errors import StudyError
from reluctant.study import Run, Study
from tests.support.small import SMALL, records

RUNS = [Run("relu", seed) for seed in range(40)]


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with two NVIDIA GPUs."""
    monkeypatch.setattr("reluctant.api.execution.graphics_cards", lambda device: ["0", "1"] if device != "cpu" else [])
    monkeypatch.setattr("reluctant.training.select_device", lambda device: torch.device("cuda"))


def engine(**options: Any) -> dict[str, Any]:
    """What the engine is given."""
    built = ExecutionOptions(**options).build_engine(RUNS, Path())
    assert isinstance(built, partial)
    return built.keywords


@pytest.mark.usefixtures("two_cards")
def test_every_gpu_has_a_process_with_a_pack() -> None:
    assert engine() == {"workers": 2, "timeout": None, "pack": PACK_ON_A_CARD, "cards": ["0", "1"]}
    assert engine(pack=3)["pack"] == 3
    assert ExecutionOptions().remarks(RUNS) == []
    (remark,) = ExecutionOptions(workers=4).remarks(RUNS)
    assert remark.startswith("4 processes share 2 GPUs; one process for each GPU")


@pytest.mark.usefixtures("two_cards")
def test_a_processor_has_processes_with_one_run() -> None:
    assert engine(device="cpu", workers=4) == {"workers": 4, "timeout": None, "pack": 1, "cards": []}


def test_what_a_pack_is_not_for() -> None:
    with pytest.raises(StudyError, match="a pack of 0 runs cannot train; give at least 1"):
        ExecutionOptions(pack=0).pack_size(RUNS)
    with pytest.raises(StudyError, match=r"--pack .* is for our own training loop; leave it out with train or command"):
        ExecutionOptions(pack=2).pack_size([Run("relu", train="my_lab:train")])
    with pytest.raises(
        StudyError, match=r"--pack .* works only with --engine local or --engine serial or --engine ray"
    ):
        ExecutionOptions(engine="slurm", pack=2)


def test_a_pack_in_a_study_changes_no_record(tmp_path: Path) -> None:
    study = Study(activation=["relu", "elu"], model=SMALL, epochs=1, seed=[0, 1], train_fraction=0.2)
    for pack in (None, 4):
        reluctant.run(study, tmp_path / str(pack), engine="serial", pack=pack)
    assert records(tmp_path / "4") == records(tmp_path / "None")


def test_gpus_are_numbered_as_cuda_numbers_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nvidia2", "nvidia5", "nvidiactl"):
        (tmp_path / name).touch()
    monkeypatch.setattr(cards, "Path", lambda _: tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert cards.graphics_cards() == ["0", "1"]
    assert cards.graphics_cards("cuda:1") == ["1"]
    assert cards.graphics_cards("cuda:2") == cards.graphics_cards("cpu") == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 4")
    assert cards.graphics_cards("cuda") == ["3", "4"]
    assert cards.graphics_cards("cuda:1") == ["4"]
