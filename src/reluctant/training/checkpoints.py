"""Checkpoints after every epoch: a killed process costs at most one epoch and changes no number."""

import io
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from reluctant.core.atomic_files import quarantine, write_atomically
from reluctant.core.memory import bounded_memory
from reluctant.training.checksums import state_checksum
from reluctant.training.machine import limit_threads
from reluctant.training.training import Training

FORMAT = 1
CONTINUES = "continues after"  # how the message about a training begins whose state was loaded


class CheckpointError(Exception):
    """Why training cannot continue from a checkpoint, in words."""


@dataclass(frozen=True)
class Checkpoint:
    """The checkpoint of one run.

    Damaged, foreign and outdated files are never trusted and never fatal: they are set aside.
    """

    path: Path  # may not exist
    environment: dict[str, Any]  # what has to be equal to continue from it: packages, processor, …

    def save(self, training: Training) -> str:
        """Write the state of the training; '' or, where it cannot be written, why. Training may go on."""
        content = {"format": FORMAT, "place": self.environment, **training.state_dict()}
        buffer = io.BytesIO()
        torch.save({**content, "sha256": state_checksum(content)}, buffer)
        try:
            self.path.parent.mkdir(exist_ok=True)
            write_atomically(self.path, buffer.getvalue())
        except OSError as fault:
            return f"no checkpoint could be written ({fault.strerror or fault}); training goes on"
        return ""

    def restore(self, training: Training) -> str:
        """Load the state into a fresh training, if there is one that fits; a message about it, or ''.

        A file that does not fit is set aside; the training may then hold a part of it, and has to be built anew.
        """
        if not self.path.is_file():
            return ""
        try:
            content = self._read()
            self._check_fit(content, training)
            training.load_state_dict(content)
        except CheckpointError as fault:
            reason = str(fault)
        except Exception as fault:  # the user's own network may raise anything
            reason = f"its content does not fit ({type(fault).__name__})"
        else:
            run = training.run
            return f"{CONTINUES} {run.moment(len(training.epochs))} of {run.steps or run.epochs:,}"
        try:
            moved = quarantine(self.path, self.path.parent.parent / "damaged")
        except OSError as fault:  # it is overwritten after the first epoch
            return f"starts again: its checkpoint cannot be used ({reason}), nor moved ({fault.strerror or fault})"
        return f"starts again: its checkpoint was set aside ({reason}), as {moved}"

    def delete(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        """The content of the file: tensors and plain values alone, never code (`weights_only`).

        No file makes this take more memory than twice its size: what PyTorch reads may be packed, or share its parts.
        """
        size = self.path.stat().st_size
        try:
            _refuse_packed(self.path)
            with bounded_memory(size), limit_threads(1):  # a thread more would need memory, too
                content = torch.load(self.path, map_location="cpu", weights_only=True)
                _refuse_repeated(content, size)
                matches = not isinstance(content, dict) or content.pop("sha256", None) == state_checksum(content)
        except pickle.UnpicklingError:
            raise CheckpointError("it holds something else than numbers, or is damaged") from None
        except CheckpointError:
            raise
        except Exception:  # random bytes make PyTorch's reader fail in many ways, IndexError among them
            raise CheckpointError("it is damaged") from None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise CheckpointError("it was written by another version")
        if not matches:
            raise CheckpointError("its checksum does not match")
        return content

    def _check_fit(self, content: dict[str, Any], training: Training) -> None:
        fresh = training.state_dict()
        for key in ("recipe", "run", "data"):
            if content.get(key) != fresh[key]:
                raise CheckpointError(f"it belongs to another {key}")
        environment = content["place"]
        if environment != self.environment:
            changed = [k for k in self.environment if environment.get(k) != self.environment[k]]
            raise CheckpointError(f"it was written with other {' and '.join(changed)}")


def _refuse_packed(path: Path) -> None:
    """`CheckpointError` for an archive that is packed: PyTorch writes none, and it may unpack to anything."""
    if not zipfile.is_zipfile(path):
        raise CheckpointError("it holds something else than numbers, or is damaged")
    with zipfile.ZipFile(path) as archive:
        if any(part.compress_type != zipfile.ZIP_STORED for part in archive.infolist()):
            raise CheckpointError("it is packed, as no checkpoint is")


def _refuse_repeated(content: Any, size: int) -> None:
    """`CheckpointError` where parts of a file of this size are in its content so often that nothing can hold it.

    Tensors of tied weights share their numbers, so some repetition is right.
    """
    left, waiting = 16 * size, [content]
    while waiting:
        part = waiting.pop()
        used = part.numel() * part.element_size() if isinstance(part, torch.Tensor) else 1
        left -= used
        if left < 0 or used > size:
            raise CheckpointError("it holds more than its size")
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, list | tuple | set):
            waiting.extend(part)
