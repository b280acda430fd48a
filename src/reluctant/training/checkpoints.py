"""A run under way, kept after every epoch, so that a killed process costs an epoch and changes no number."""

import hashlib
import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import torch
from torch import Tensor

from reluctant.core.atomic_files import quarantine, write_atomically
from reluctant.core.errors import ReluctantError
from reluctant.training.training import Training

FORMAT = 1


class Unfit(Exception):  # noqa: N818 (a finding, no error)
    """Why a checkpoint cannot be gone on from, in words."""


@dataclass(frozen=True)
class Checkpoint:
    """The checkpoint of one run: `path` may not exist. `place` is what must be alike to go on from it.

    Damaged, foreign and outdated files are never trusted and never fatal: they are set aside.
    """

    path: Path
    place: dict[str, Any]

    def save(self, training: Training) -> str:
        """Write where the training stands; '' or, where it cannot be written, why. Training may go on."""
        content = {"format": FORMAT, "place": self.place, **training.state_dict()}
        written = io.BytesIO()
        torch.save({**content, "sha256": total(content)}, written)
        try:
            self.path.parent.mkdir(exist_ok=True)
            write_atomically(self.path, written.getvalue())
        except OSError as fault:
            return f"no checkpoint could be written ({fault.strerror or fault}); training goes on"
        return ""

    def restore(self, training: Training) -> str:
        """Bring a fresh training to where the checkpoint stands, if one fits; what there is to say of it."""
        if not self.path.is_file():
            return ""
        try:
            content = self._read()
            self._fits(content, training)
            training.load_state_dict(content)
        except Unfit as fault:
            return self._aside(str(fault))
        except ReluctantError:  # a fault of the network; the checkpoint is not to blame
            raise
        except (KeyError, TypeError, ValueError, RuntimeError) as fault:
            return self._aside(f"its content does not fit ({type(fault).__name__})")
        return f"goes on after epoch {len(training.epochs)} of {training.run.epochs}"

    def forget(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        """What the file holds: tensors and plain values alone, never code (`weights_only`)."""
        try:
            content = torch.load(self.path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError:
            raise Unfit("it holds something else than numbers, or is damaged") from None
        except (OSError, RuntimeError, ValueError, EOFError, KeyError, BadZipFile, UnicodeError):
            raise Unfit("it is damaged") from None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise Unfit("it was written by another version")
        if content.pop("sha256", None) != total(content):
            raise Unfit("it does not match its own sum")
        return content

    def _fits(self, content: dict[str, Any], training: Training) -> None:
        fresh = training.state_dict()
        for key in ("recipe", "run", "data"):
            if content.get(key) != fresh[key]:
                raise Unfit(f"it belongs to another {key}")
        if content["place"] != self.place:
            changed = [k for k in self.place if content["place"].get(k) != self.place[k]]
            raise Unfit(f"it was made with other {' and '.join(changed)}")

    def _aside(self, why: str) -> str:
        kept = quarantine(self.path, self.path.parent.parent / "damaged")
        return f"starts anew: its checkpoint was set aside ({why}), as {kept}"


def total(value: Any) -> str:
    """SHA-256 of a nest of dictionaries, lists, tensors and plain values."""
    digest = hashlib.sha256()
    _add(digest, value)
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    if isinstance(value, dict):
        digest.update(f"{{{len(value)}".encode())
        for key in sorted(value, key=repr):
            _add(digest, key)
            _add(digest, value[key])
    elif isinstance(value, list | tuple):
        digest.update(f"[{len(value)}".encode())
        for each in value:
            _add(digest, each)
    elif isinstance(value, Tensor):
        digest.update(f"{value.dtype}{tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    else:
        digest.update(f"{type(value).__name__}{value!r}".encode())
