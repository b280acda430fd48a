"""What a folder keeps of its data: classes, sizes, the true classes of the test images."""

import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.records.run_result import decoded, numbers
from reluctant.verification.finding import Finding


@dataclass(frozen=True, eq=False)
class Described:
    """One file of `data/`: the SHA-256 of the data, the test labels, and what follows from them."""

    path: Path
    sha256: str
    classes: tuple[str, ...]
    labels: npt.NDArray[Any]  # classes (n,), or numbers (n, outputs)
    trained: int  # images to train and validate on

    @property
    def test(self) -> tuple[int, ...]:
        """How many test images of every class there are."""
        return tuple(np.bincount(self.labels, minlength=len(self.classes)).tolist())


def read(folder: Path) -> tuple[dict[str, Described], list[Finding]]:
    """The descriptions in a study's folder by their SHA-256, and what is wrong with the files."""
    found: dict[str, Described] = {}
    wrong: list[Finding] = []
    for path in sorted((folder / "data").glob("*.json")):
        if path.name.startswith("."):
            continue
        try:
            described = _described(path, json.loads(path.read_text("utf-8")))
        except OSError as fault:
            wrong.append(Finding(path, f"cannot be read: {fault.strerror or fault}"))
        except (ValueError, KeyError, TypeError, binascii.Error):
            wrong.append(Finding(path, "is no description of data; copy it again, or let `run` write it"))
        else:
            found[described.sha256] = described
            wrong += [Finding(path, fault) for fault in _faults(described, path)]
    return found, wrong


def _described(path: Path, held: Any) -> Described:
    classes, sizes = tuple(map(str, held["classes"])), held["images"]
    labels: npt.NDArray[Any]
    if "test_targets" in held:
        labels = numbers(held["test_targets"], int(held["outputs"]))
    else:
        labels = decoded(held["test_labels"], len(classes))
        if not classes or labels.max(initial=0) >= len(classes):
            raise ValueError("labels")
    if len(labels) != sizes["test"]:
        raise ValueError("labels")
    return Described(path, str(held["sha256"]), classes, labels, int(sizes["train"]) + int(sizes["valid"]))


def _faults(described: Described, path: Path) -> Iterator[str]:
    if path.stem != described.sha256[:16]:
        yield f"describes the data {described.sha256[:16]}, and its name is another"


def apart(one: Described, other: Described) -> str:
    """What two descriptions of the same data tell differently; '' where nothing."""
    if one.classes != other.classes:
        return "names other classes"
    if not np.array_equal(one.labels, other.labels):
        return "has other true classes of the test images"
    return "" if one.trained == other.trained else "has another number of training images"
