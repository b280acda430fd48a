"""A run that is killed and continued gives the same numbers; a damaged or foreign file is never trusted."""

import io
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reluctant.records.store import without_seconds
from reluctant.training import build_training, runner, train_run
from reluctant.training.checkpoints import Checkpoint
from reluctant.training.checksums import state_checksum
from tests.support.checkpoints import ENVIRONMENT, EPOCHS, checkpoint, refused, training_after
from tests.support.small import digits, run, trained, untimed

OPTIMIZERS = ("adam", "adamw", "sgd(momentum=0.9, nesterov=True)", "sgd", "rmsprop(momentum=0.5)")

pytestmark = pytest.mark.resume


# Every optimizer with half of the activations, every activation with and without dropout.
TRAININGS = [
    (activation, 0.3 * (j // 2 % 2), optimizer)
    for i, activation in enumerate(("relu", "prelu", "rrelu", "gelu"))
    for j, optimizer in enumerate(OPTIMIZERS)
    if (i + j) % 2
]


@pytest.mark.parametrize(("activation", "dropout", "optimizer"), TRAININGS)
def test_training_continues_from_the_end_of_every_epoch(
    activation: str, dropout: float, optimizer: str, tmp_path: Path
) -> None:
    fields = {"activation": activation, "model": f"convnet(dropout={dropout})", "optimizer": optimizer}
    expected = untimed(trained(run(**fields, epochs=EPOCHS), digits(64)))
    file, interrupted = checkpoint(tmp_path), training_after(0, **fields)
    for epoch, _ in enumerate(interrupted, 1):
        assert file.save(interrupted) == ""
        torch.rand(epoch)  # other random numbers of this process must not matter
        training = training_after(0, **fields)
        assert file.restore(training) == f"continues after epoch {epoch} of {EPOCHS}"
        assert len(list(training)) == EPOCHS - epoch
        assert untimed(training) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"procedure": "reluctant.replica:Published(forgetful=True, lost_momentum=True)"},
        {"procedure": "reluctant.replica:Published(double_softmax=True, raw_pixels=True)"},
        {"seed": "init=1 order=2 noise=3 split=0"},
    ],
)
def test_procedures_and_seeds_by_source_continue_too(fields: dict[str, Any], tmp_path: Path) -> None:
    complete = build_training(run(epochs=EPOCHS, **fields), digits(64))
    list(complete)
    begun = build_training(run(epochs=EPOCHS, **fields), digits(64))
    next(iter(begun))
    file = checkpoint(tmp_path)
    assert file.save(begun) == ""
    again = build_training(run(epochs=EPOCHS, **fields), digits(64))
    assert file.restore(again).startswith("continues after epoch 1")
    list(again)
    assert untimed(again) == untimed(complete)


def test_without_a_file_nothing_happens(tmp_path: Path) -> None:
    training = training_after(0)
    assert checkpoint(tmp_path).restore(training) == ""
    assert training.epochs == []


def test_another_run_s_checkpoint_is_refused(saved: Checkpoint) -> None:
    assert "another run" in refused(saved, lr=0.5)


def test_another_recipe_s_checkpoint_is_refused(saved: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reluctant.training.training.RECIPE", 99)
    assert "another recipe" in refused(saved)


def test_a_checkpoint_of_other_versions_is_refused(saved: Checkpoint) -> None:
    later = Checkpoint(saved.path, {**ENVIRONMENT, "packages": {"torch": "3"}})
    assert "written with other packages" in refused(later)


def test_a_checkpoint_of_other_data_is_refused(saved: Checkpoint) -> None:
    content = torch.load(saved.path, weights_only=True)
    content["data"] = {"digits": "0" * 64}
    rewrite(saved.path, content)
    assert "another data" in refused(saved)


def rewrite(path: Path, content: dict[str, Any]) -> None:
    """Write a content with its right checksum."""
    content.pop("sha256", None)
    torch.save({**content, "sha256": state_checksum(content)}, path)


def test_changed_numbers_are_refused(saved: Checkpoint) -> None:
    content = torch.load(saved.path, weights_only=True)
    content["model"]["output.bias"][0] += 1
    torch.save(content, saved.path)
    assert "its checksum does not match" in refused(saved)


def test_what_does_not_fit_the_network_is_refused(saved: Checkpoint) -> None:
    content = torch.load(saved.path, weights_only=True)
    del content["model"]["output.bias"]
    rewrite(saved.path, content)
    assert "its content does not fit" in refused(saved)


def test_another_format_is_refused(saved: Checkpoint) -> None:
    torch.save({"format": 99}, saved.path)
    assert "another version" in refused(saved)


@pytest.mark.parametrize("length", [0, 1, 100, 5000, -1])
def test_a_cut_file_is_refused(length: int, saved: Checkpoint) -> None:
    saved.path.write_bytes(saved.path.read_bytes()[:length])
    refused(saved)


def test_a_pickle_of_nothing_is_refused(saved: Checkpoint) -> None:
    """PyTorch's reader raises IndexError for it."""
    saved.path.write_bytes(b"\x80\x02.")
    assert "or is damaged" in refused(saved)


def test_noise_is_refused(saved: Checkpoint) -> None:
    saved.path.write_bytes(os.urandom(3000))
    refused(saved)


def test_no_flipped_byte_gives_other_numbers(saved: Checkpoint) -> None:
    """A flipped byte is noticed, or lies in the padding and changes nothing."""
    content = saved.path.read_bytes()
    expected = state_checksum(training_after(1).state_dict()["model"])
    refusals = 0
    for i in range(11, len(content), len(content) // 150):
        saved.path.parent.mkdir(exist_ok=True)
        saved.path.write_bytes(content[:i] + bytes([content[i] ^ 0x55]) + content[i + 1 :])
        training = training_after(0)
        message = saved.restore(training)
        refusals += message.startswith("starts again")
        assert message.startswith("starts again") or state_checksum(training.state_dict()["model"]) == expected
    assert refusals > 100


def test_any_damage_of_the_first_block_sets_the_file_aside_or_changes_nothing(saved: Checkpoint) -> None:
    """A reader that raised something else failed the run for ever."""
    content, training = saved.path.read_bytes(), training_after(0)
    blocks = [bytes([*content[:i], content[i] ^ 0xFF, *content[i + 1 : 256]]) for i in range(256)]
    rng = np.random.default_rng(0)
    for block in (
        *blocks,
        *(rng.bytes(256) for _ in range(30)),
        *(content[:n] + bytes(256 - n) for n in range(0, 256, 9)),
    ):
        saved.path.write_bytes(block + content[256:])
        message = saved.restore(training)
        assert message.startswith(("continues after", "starts again"))
        assert saved.path.exists() == message.startswith("continues after")


def test_a_training_that_cannot_be_restored_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits was copied into the network, which trained on as in epoch 1; also where the file cannot be moved."""
    monkeypatch.setattr(runner, "load_run_data", lambda *_: digits(64))
    late = run("tests.support.own_activations:LateSlope", epochs=2)

    def train(folder: Path, stop: int = 0) -> tuple[list[str], Any]:
        steps = train_run(late, str(folder), None, "cpu")
        messages: list[str] = []
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                return messages, without_seconds(end.value.to_json())
            if isinstance(step, str):
                messages.append(step)
            elif stop:
                steps.close()
                return messages, None

    def refuse(*_: Any) -> Path:
        raise OSError(13, "Permission denied")

    folders = [tmp_path / name for name in ("whole", "moved", "stays")]
    for folder in folders:
        folder.mkdir()
    _, expected = train(folders[0])
    train(folders[1], stop=1)
    messages, record = train(folders[1])
    assert messages[0].startswith("starts again: its checkpoint was set aside (its content does not fit")
    assert record == expected
    train(folders[2], stop=1)
    monkeypatch.setattr("reluctant.training.checkpoints.quarantine", refuse)
    messages, record = train(folders[2])
    assert messages[0].endswith("nor moved (Permission denied)")
    assert record == expected


class Evil:
    """Code to run, packed as a pickle."""

    def __reduce__(self) -> Any:
        return os.system, ("echo harm > harm.txt",)


EVENTS: list[str] = []
LISTENING = [False]


def record_event(event: str, _: tuple[Any, ...]) -> None:
    if LISTENING[0] and event in ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork"):
        EVENTS.append(event)


sys.addaudithook(record_event)


@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_checkpoint_never_runs(
    legacy: bool, saved: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"format": 1, "model": Evil()}, saved.path, _use_new_zipfile_serialization=not legacy)
    LISTENING[0] = True
    try:
        message = refused(saved)
    finally:
        LISTENING[0] = False
    assert "something else than numbers" in message
    assert EVENTS == []
    assert not (tmp_path / "harm.txt").exists()
    LISTENING[0] = True  # the hook works: the same file read carelessly is noticed
    torch.load(next((tmp_path / "damaged").iterdir()), weights_only=False)
    LISTENING[0] = False
    assert EVENTS == ["os.system"]
    EVENTS.clear()


def test_a_full_disk_does_not_stop_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reluctant.training.checkpoints.write_atomically", full)
    message = checkpoint(tmp_path).save(training_after(1))
    assert message == "no checkpoint could be written (No space left on device); training goes on"


def test_the_file_is_one_of_pytorch(saved: Checkpoint) -> None:
    assert zipfile.is_zipfile(io.BytesIO(saved.path.read_bytes()))
    content = torch.load(saved.path, weights_only=True)
    assert content["run"]["activation"] == "relu"
    assert len(content["epochs"]) == 1
