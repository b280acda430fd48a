"""A sample of a folder's runs trained again, and compared with its records to the bit."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reluctant.core.canonical_json import digest, dumps
from reluctant.core.errors import ReluctantError
from reluctant.records.store import Record, Store
from reluctant.verification.difference import comparable, parted
from reluctant.verification.facts import Facts
from reluctant.verification.finding import Finding, remark

if TYPE_CHECKING:
    from reluctant.study import Run
    from reluctant.verification.place import Place

_DECIDES = ("processor", "machine", "python", "torch", "settings", "packages")  # the bits, beside the run


def draw(place: "Place", number: int) -> list[Facts]:
    """Runs of a folder drawn by lot, the same for the same records; all where there are no more."""
    keys = sorted(each.run.key for each in place.facts)
    lots = sorted(place.facts, key=lambda each: digest([keys, each.run.key]))
    return lots[:number]


def retrain(place: "Place", number: int, say: Callable[[str], None] = lambda _: None) -> Iterator[Finding]:
    """Train a sample again, in a scratch folder and without any checkpoint; a finding per run, as it ends.

    `say` is told what begins. Raises `StudyError` where a run cannot be trained here at all: by this version,
    without its data, with other code of one's own.
    """
    chosen = draw(place, number)
    for count, each in enumerate(chosen, 1):
        say(f"{count} of {len(chosen)}: {each.run.activation}, seed {each.run.seed} is trained again")
        yield _again(place, each)


def _again(place: "Place", facts: Facts) -> Finding:
    stored = Store(facts.path.parent)[facts.run.key]
    held = _environment(place, facts)
    _suits(place, facts.run, stored)
    try:
        fresh = _trained(facts.run, held)
    except ReluctantError:
        raise
    except Exception as fault:  # code of one's own may raise anything
        return Finding(facts.path, f"cannot be trained again: {type(fault).__name__}: {fault}")
    found = parted(comparable(stored), comparable(fresh))
    if found is None:
        return remark(facts.path, "trained again, it is the same to the bit")
    path, kept, now = found
    return Finding(
        facts.path,
        f"trained again, it differs: {path} is {kept} in the record, and {now} now{_elsewhere(held, fresh)}",
    )


def _environment(place: "Place", facts: Facts) -> Mapping[str, Any]:
    """What the record was made on, as far as the folder tells."""
    try:
        held = json.loads((place.path / "environments" / f"{facts.environment}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def _suits(place: "Place", run: "Run", stored: Record) -> None:
    """Make sure that recipe, data and own code here are those of the record."""
    from reluctant.records.study_dir import Folder
    from reluctant.training.checksums import run_sources
    from reluctant.training.runner import load_tensors

    data = load_tensors(run.dataset, run.train_fraction, None).source.sha256
    Folder(place.path).agree({run.dataset: data}, run_sources(run), [stored])


def _trained(run: "Run", held: Mapping[str, Any]) -> Record:
    """The record of a run trained now: on the processor if it was, as the store would keep it."""
    from reluctant.engines.training_work import TrainingWork

    torch = held.get("torch")
    device = "cpu" if not isinstance(torch, dict) or torch.get("device", "cpu") == "cpu" else "auto"
    with tempfile.TemporaryDirectory() as scratch:
        nowhere = str(Path(scratch) / "none")  # a folder that is not there keeps no checkpoint
        steps = TrainingWork(folder=nowhere, device=device)(run)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return dict(json.loads(dumps(end.value)))


def _elsewhere(held: Mapping[str, Any], fresh: Record) -> str:
    """A word on where the record was made, if that is not here."""
    here = fresh["environment"]
    other = [f"{name} ({one} there, {two} here)" for name, one, two in _differing(held, here) if one != two]
    if not other:
        return ""
    return f"; made with another {', '.join(other)}, where other bits are to be expected"


def _differing(held: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """(name, there, here) of everything that decides bits, packages and settings one by one."""
    for name in _DECIDES:
        one, two = held.get(name, "unknown"), here.get(name, "unknown")
        if isinstance(one, dict) and isinstance(two, dict):
            keys = sorted({*one, *two})
            yield from ((key, one.get(key, "none"), two.get(key, "none")) for key in keys)
        else:
            yield name, one, two
