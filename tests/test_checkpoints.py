"""A run that is killed and continued gives the same numbers; a file that is not ours is never trusted."""

import io
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reluctant.records.store import without_seconds
from reluctant.training import Training, training_for
from reluctant.training.checkpoints import Checkpoint, total
from tests.small import digits, run, trained

PLACE = {"packages": {"torch": "2.13.0"}, "processor": "a processor"}
OPTIMIZERS = ("adam", "adamw", "sgd(momentum=0.9, nesterov=True)", "sgd", "rmsprop(momentum=0.5)")
EPOCHS = 3

pytestmark = pytest.mark.resume


def checkpoint(folder: Path) -> Checkpoint:
    return Checkpoint(folder / "checkpoints" / "key.pt", PLACE)


def at(border: int, **fields: Any) -> Training:
    """A training that stands at the end of this epoch."""
    training = Training(run(**{"epochs": EPOCHS, **fields}), digits(64))
    for _ in zip(range(border), training, strict=False):
        pass
    return training


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("activation", ["relu", "prelu", "rrelu", "gelu"])
def test_every_epoch_s_end_can_be_gone_on_from(
    activation: str, dropout: float, optimizer: str, tmp_path: Path
) -> None:
    given = {"activation": activation, "model": f"convnet(dropout={dropout})", "optimizer": optimizer}
    wanted = without_seconds(trained(run(**given, epochs=EPOCHS), digits(64)).record())
    kept = checkpoint(tmp_path)
    for border in range(1, EPOCHS + 1):
        assert kept.save(at(border, **given)) == ""
        torch.rand(border)  # whatever else this process draws must not matter
        training = at(0, **given)
        assert kept.restore(training) == f"goes on after epoch {border} of {EPOCHS}"
        assert len(list(training)) == EPOCHS - border
        assert without_seconds(training.record()) == wanted


@pytest.mark.parametrize(
    "given",
    [
        {"procedure": "reluctant.replica:Published(forgetful=True, lost_momentum=True)"},
        {"procedure": "reluctant.replica:Published(double_softmax=True, raw_pixels=True)"},
        {"seed": "init=1 order=2 noise=3 split=0"},
    ],
)
def test_procedures_and_seeds_by_source_are_gone_on_with_too(given: dict[str, Any], tmp_path: Path) -> None:
    whole = training_for(run(epochs=EPOCHS, **given), digits(64))
    list(whole)
    begun = training_for(run(epochs=EPOCHS, **given), digits(64))
    next(iter(begun))
    kept = checkpoint(tmp_path)
    assert kept.save(begun) == ""
    again = training_for(run(epochs=EPOCHS, **given), digits(64))
    assert kept.restore(again).startswith("goes on after epoch 1")
    list(again)
    assert without_seconds(again.record()) == without_seconds(whole.record())


def test_without_a_file_nothing_is_said_or_changed(tmp_path: Path) -> None:
    training = at(0)
    assert checkpoint(tmp_path).restore(training) == ""
    assert training.epochs == []


def refused(kept: Checkpoint, **fields: Any) -> str:
    """What is said when a file is not gone on from; it is set aside and the training untouched."""
    before = kept.path.read_bytes()
    training = at(0, **fields)
    said = kept.restore(training)
    assert said.startswith("starts anew: its checkpoint was set aside (")
    assert training.epochs == []
    assert not kept.path.exists()
    aside = sorted((kept.path.parent.parent / "damaged").iterdir(), key=lambda p: p.stat().st_mtime_ns)[-1]
    assert str(aside) in said
    assert aside.read_bytes() == before
    return said


@pytest.fixture
def saved(tmp_path: Path) -> Checkpoint:
    kept = checkpoint(tmp_path)
    kept.save(at(1))
    return kept


def test_another_run_s_checkpoint_is_refused(saved: Checkpoint) -> None:
    assert "another run" in refused(saved, lr=0.5)


def test_another_recipe_s_checkpoint_is_refused(saved: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reluctant.training.training.RECIPE", 99)
    assert "another recipe" in refused(saved)


def test_a_checkpoint_of_other_versions_is_refused(saved: Checkpoint) -> None:
    later = Checkpoint(saved.path, {**PLACE, "packages": {"torch": "3"}})
    assert "made with other packages" in refused(later)


def test_a_checkpoint_of_other_data_is_refused(saved: Checkpoint) -> None:
    content = torch.load(saved.path, weights_only=True)
    content["data"] = {"digits": "0" * 64}
    rewrite(saved.path, content)
    assert "another data" in refused(saved)


def rewrite(path: Path, content: dict[str, Any]) -> None:
    """Write a content with a right sum."""
    content.pop("sha256", None)
    torch.save({**content, "sha256": total(content)}, path)


def test_changed_numbers_are_refused(saved: Checkpoint) -> None:
    content = torch.load(saved.path, weights_only=True)
    content["model"]["output.bias"][0] += 1
    torch.save(content, saved.path)
    assert "does not match its own sum" in refused(saved)


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


def test_noise_is_refused(saved: Checkpoint) -> None:
    saved.path.write_bytes(os.urandom(3000))
    refused(saved)


def test_no_flipped_byte_gives_other_numbers(saved: Checkpoint) -> None:
    """A flipped byte is found, or lies in the packing and changes nothing."""
    whole = saved.path.read_bytes()
    wanted = total(at(1).state_dict()["model"])
    found = 0
    for place in range(11, len(whole), len(whole) // 150):
        saved.path.parent.mkdir(exist_ok=True)
        saved.path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        training = at(0)
        said = saved.restore(training)
        found += said.startswith("starts anew")
        assert said.startswith("starts anew") or total(training.state_dict()["model"]) == wanted
    assert found > 100


class Evil:
    """Code to run, packed as a pickle."""

    def __reduce__(self) -> Any:
        return os.system, ("echo harm > harm.txt",)


HEARD: list[str] = []
LISTENING = [False]


def listen(event: str, _: tuple[Any, ...]) -> None:
    if LISTENING[0] and event in ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork"):
        HEARD.append(event)


sys.addaudithook(listen)


@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_checkpoint_never_runs(
    legacy: bool, saved: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"format": 1, "model": Evil()}, saved.path, _use_new_zipfile_serialization=not legacy)
    LISTENING[0] = True
    try:
        said = refused(saved)
    finally:
        LISTENING[0] = False
    assert "something else than numbers" in said
    assert HEARD == []
    assert not (tmp_path / "harm.txt").exists()
    LISTENING[0] = True  # the ear works: the same file read carelessly is heard
    torch.load(next((tmp_path / "damaged").iterdir()), weights_only=False)
    LISTENING[0] = False
    assert HEARD == ["os.system"]
    HEARD.clear()


def test_a_disk_that_is_full_stops_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reluctant.training.checkpoints.write_atomically", full)
    said = checkpoint(tmp_path).save(at(1))
    assert said == "no checkpoint could be written (No space left on device); training goes on"


def test_the_file_is_pytorch_s_own(saved: Checkpoint) -> None:
    assert zipfile.is_zipfile(io.BytesIO(saved.path.read_bytes()))
    content = torch.load(saved.path, weights_only=True)
    assert content["run"]["activation"] == "relu"
    assert len(content["epochs"]) == 1


nests = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(nests, nests)
def test_equal_nests_alone_have_equal_sums(one: Any, other: Any) -> None:
    assert (total(one) == total(other)) == (repr(ordered(one)) == repr(ordered(other)))


def ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "other",
    [
        torch.zeros(4),
        torch.zeros(2, 2, dtype=torch.float64),
        torch.tensor([[0, 0], [0, 1.0]]),
        torch.zeros(()),
    ],
)
def test_tensors_count_with_shape_kind_and_values(other: torch.Tensor) -> None:
    assert total(torch.zeros(2, 2)) == total(torch.zeros(2, 2))
    assert total(other) != total(torch.zeros(2, 2))
