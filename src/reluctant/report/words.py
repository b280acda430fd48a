"""The study and its circumstances in words: what was trained, on what, where, and what went wrong."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reluctant.analysis.comparison.inputs import described, items
from reluctant.catalogue import (
    ACTIVATIONS,
    AUGMENTATIONS,
    DATASETS,
    INITIALISATIONS,
    MODELS,
    OPTIMIZERS,
    SCHEDULES,
    Activation,
    Catalogue,
    augmentation_steps,
)
from reluctant.catalogue.metrics import total
from reluctant.core.errors import StudyError
from reluctant.core.names import parse
from reluctant.figures.labels import count, data_title, setting_words
from reluctant.records.run_result import SPLITS, Result
from reluctant.records.study_results import Results
from reluctant.study import SOURCES, Run, Study
from reluctant.study.study import AXES

Pairs = list[tuple[str, str]]

SHARED = (
    "A table of seeds: runs share weights, orders or splits, so the intervals of means on this page are "
    "narrower than they should be. To compare activations, give seed = [0, 1, …]"
)


@dataclass(frozen=True)
class Trouble:
    """A run that failed or diverged: which, what happened, and the traceback where there is one."""

    run: str
    what: str
    traceback: str = ""


def study(results: Results) -> Pairs:
    """Terms and values that say what was trained."""
    s = results.study
    return [
        ("Question", s.about or f"How do {len(s.activation)} activations compare?"),
        ("Data set", data_title(results)),
        (items(results).capitalize(), _images(results)),
        ("Activations", ", ".join(s.activation)),
        ("Network", _several(MODELS, s.model)),
        ("Initial weights", _several(INITIALISATIONS, s.init)),
        ("Optimizer", _several(OPTIMIZERS, s.optimizer)),
        ("Learning rate", ", ".join(f"{lr:g}" for lr in s.lr)),
        *_recipe(s),
        ("Batch size", ", ".join(f"{size:,}" for size in s.batch_size)),
        ("Epochs", ", ".join(f"{epochs:,}" for epochs in s.epochs)),
        ("Seeds", _seeds(s)),
        ("Runs", f"{len(results):,} of {s.size:,} finished"),
    ]


def _recipe(s: Study) -> Pairs:
    """What of the usual recipes was followed, as far as any was."""
    axes: Sequence[tuple[str, tuple[Any, ...], Any, Callable[[Any], str]]] = (
        ("Schedule", s.schedule, Run.schedule, lambda name: _several(SCHEDULES, [name])),
        ("Gradients", s.clip_norm, Run.clip_norm, _clipped),
        ("Labels", s.label_smoothing, Run.label_smoothing, _smoothed),
        ("Augmentation", s.augment, Run.augment, _augmented),
        ("Early stopping", s.patience, Run.patience, _patient),
    )
    return [
        (term, "; ".join(map(words, values))) for term, values, usual, words in axes if values != (usual,)
    ]


def _clipped(norm: float) -> str:
    return f"scaled down to a total norm of {norm:g} where it is larger" if norm else "as they are"


def _smoothed(share: float) -> str:
    return f"smoothed: a share of {share:g} goes to all classes alike" if share else "as they are"


def _augmented(text: str) -> str:
    changes = [f"{name}: {AUGMENTATIONS[name.head].purpose}" for name in augmentation_steps(text)]
    return ", then ".join(changes) or "none"


def _patient(epochs: int) -> str:
    waited = f"after {count(epochs, 'epoch')} without a lower validation loss"
    return waited if epochs else "never"


def _several(table: Catalogue[Any], names: Sequence[str]) -> str:
    return "; ".join(f"{name}: {meant}" if (meant := _purpose(table, name)) else name for name in names)


def _purpose(table: Catalogue[Any], name: str) -> str:
    try:
        return str(table[parse(name).head].purpose)
    except StudyError:
        return ""


def _seeds(s: Study) -> str:
    if s.sources:
        varied = [
            f"{count(len(v), 'number')} for the {SOURCES[k]}" for k, v in s.sources.items() if len(v) > 1
        ]
        return f"{len(s.seed)}, every combination of {', '.join(varied)}"
    seeds = [int(seed) for seed in s.seed]
    run = list(range(seeds[0], seeds[0] + len(seeds)))
    listed = (
        f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 2 and list(seeds) == run else ", ".join(map(str, seeds))
    )
    return f"{len(seeds)} ({listed}), the same for every activation" if len(seeds) > 1 else f"one ({listed})"


def _images(results: Results) -> str:
    sizes = _sizes(results)
    if sizes is None:
        return "not known before a first epoch has ended"
    return (
        f"{sizes['train']:,} to train on, {sizes['valid']:,} held out for choices (validation), "
        f"{sizes['test']:,} test {items(results)} to report on"
    )


def _sizes(results: Results) -> dict[str, int] | None:
    """Images per split: counted in a confusion matrix, else as the folder describes its data."""
    for result in results:
        if result.epochs:
            return {split: total(result.counts[split][0]) for split in SPLITS}
    kept = described(results)
    return None if kept is None else {split: int(kept["images"][split]) for split in SPLITS}


def row_of(activation: str) -> Activation | None:
    """The catalogue's row of an activation, None for one's own."""
    try:
        return ACTIVATIONS[parse(activation).head]
    except StudyError:
        return None


def run_words(run: Run, results: Results) -> str:
    """`gelu, seed 3, lr = 0.01`: a run by what tells it from the others."""
    axes = [axis for axis in AXES if len(getattr(results.study, axis)) > 1]
    varied = setting_words({axis: getattr(run, axis) for axis in axes})
    return ", ".join(part for part in (run.activation, f"seed {run.seed}", varied) if part)


def troubles(results: Results) -> list[Trouble]:
    """Every failed run, then every diverged one."""
    failed = [
        Trouble(run_words(run, results), _last_line(text), text) for run, text in results.failures.items()
    ]
    lost = [
        Trouble(run_words(r.run, results), f"diverged in epoch {r.diverged}: the loss was no longer finite")
        for r in results
        if r.diverged is not None
    ]
    return [*failed, *lost]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "failed: " + (lines[-1][:200] if lines else "no traceback was kept")


def warnings(results: Results) -> list[str]:
    """What the records warn of, each once, with the number of runs that say it."""
    said = Counter(str(text) for r in results for text in r.record.get("warnings") or ())
    spoilt = len(results.damaged)
    lost = f"{count(spoilt, 'record')} damaged and left out; `reluctant run` trains the same again"
    told = [f"{text} ({count(n, 'run')})" for text, n in said.items()]
    return told + [lost] * bool(spoilt) + [SHARED] * bool(results.study.sources) + mixed(results)


def mixed(results: Results) -> list[str]:
    """What differs between the places the runs were trained at and may move their last digits."""
    used = Counter(str(r.record.get("environment")) for r in results)
    held = {name: results.environments.get(name, {}) for name in used}
    found = []
    for what in ("python", "processor", "torch", "settings", "commit"):
        by_value: Counter[str] = Counter()
        for name, runs in used.items():
            by_value[_shown(held[name].get(what))] += runs
        found += _differing(what, by_value)
    for package in sorted({p for each in held.values() for p in each.get("packages", {})}):
        by_value = Counter()
        for name, runs in used.items():
            by_value[str(held[name].get("packages", {}).get(package, "not known"))] += runs
        found += _differing(package, by_value)
    return found


def _differing(what: str, by_value: Counter[str]) -> list[str]:
    if len(by_value) < 2:
        return []
    parts = ", ".join(f"{value} ({count(n, 'run')})" for value, n in by_value.items())
    return [f"This study was continued under another {what}: {parts}. The last digits may differ by it"]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items()) or "none"
    return "not known" if value is None else str(value)[:60]


def places(results: Results) -> list[Pairs]:
    """Per environment: what machine and versions, and how many runs it made."""
    used = Counter(str(r.record.get("environment")) for r in results)
    return [
        [*_environment(results.environments.get(name)), ("Runs", f"{runs:,}")] for name, runs in used.items()
    ]


def _environment(held: Any) -> Pairs:
    if not held:
        return [("Machine", "its description is missing from the folder")]
    packages = ", ".join(f"{name} {version}" for name, version in dict(held.get("packages", {})).items())
    known = {
        "Processor": held.get("processor"),
        "Cores": held.get("cores"),
        "System": " ".join(str(held[key]) for key in ("system", "machine") if held.get(key)),
        "Python": held.get("python"),
        "Packages": packages,
        "Settings": _shown(held["settings"]) if held.get("settings") else None,
        "PyTorch uses": _shown(held.get("torch")) if held.get("torch") else None,
        "Commit": held.get("commit"),
    }
    return [(term, str(value)) for term, value in known.items() if value]


def provenance(results: Results) -> Pairs:
    """Sums, recipe and time over all runs."""
    seconds = sum(float(r.seconds[part].sum()) for r in results for part in ("train", "evaluate"))
    return [
        ("Data, SHA-256", _all(results, "data")),
        ("Recipe", _all(results, "recipe")),
        ("Time", f"{duration(seconds)} of training and evaluation, all runs together"),
    ]


def _all(results: Sequence[Result] | Results, key: str) -> str:
    found = {str(r.record.get(key)): None for r in results if r.record.get(key) is not None}
    return ", ".join(found) or "not known"


def duration(seconds: float) -> str:
    """`42 s`, `3 min 20 s`, `1 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def history(results: Results) -> tuple[str, ...]:
    """A line per change of the study: when, what, and whether results were there to be seen."""
    return tuple(
        f"{change['date']}: {', '.join(change['changed'])} changed"
        + (", after results had been seen" if change["looked"] else "")
        for change in results.history
    )


def again(results: Results) -> str:
    """The command that makes this study, or continues it."""
    from reluctant.study import Study, bundled

    name, folder = results.study.name, results.folder or results.study.folder
    if folder == results.study.folder and name in bundled() and Study.read(name) == results.study:
        return f"reluctant run {name}"
    return f"reluctant run {folder}/study.toml -o {folder}"


def source(results: Results) -> str:
    """Where the data come from."""
    rows = [DATASETS[parse(d).head] for d in results.study.dataset if parse(d).head in DATASETS]
    return "; ".join(row.source for row in rows)
