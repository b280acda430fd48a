"""Checkpoints after every epoch: a killed process costs at most one epoch and changes no number."""

import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from reluctant.core.atomic_files import quarantine, write_atomically
from reluctant.training.checksums import state_checksum
from reluctant.training.training import Training

FORMAT = 1


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
            return f"continues after {run.moment(len(training.epochs))} of {run.steps or run.epochs:,}"
        moved = quarantine(self.path, self.path.parent.parent / "damaged")
        return f"starts again: its checkpoint was set aside ({reason}), as {moved}"

    def delete(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        """The content of the file: tensors and plain values alone, never code (`weights_only`)."""
        try:
            content = torch.load(self.path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError:
            raise CheckpointError("it holds something else than numbers, or is damaged") from None
        except Exception:  # random bytes make PyTorch's reader fail in many ways, IndexError among them
            raise CheckpointError("it is damaged") from None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise CheckpointError("it was written by another version")
        if content.pop("sha256", None) != state_checksum(content):
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
