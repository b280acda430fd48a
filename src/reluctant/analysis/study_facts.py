"""What was trained, where, and what went wrong: the facts of a study that no score holds."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from reluctant.analysis.agreement import withheld_verdicts
from reluctant.analysis.labels import clip, count, dataset_title, duration, seed_text, varied_text
from reluctant.catalogue import (
    ACTIVATIONS,
    AUGMENTATIONS,
    DATASETS,
    INITIALISATIONS,
    LOSSES,
    MODELS,
    OPTIMIZERS,
    SCHEDULES,
    Activation,
    Catalogue,
    augmentation_steps,
)
from reluctant.catalogue.entry import RowType
from reluctant.catalogue.metrics import SPLITS, total_items
from reluctant.core.errors import ReluctantError
from reluctant.core.names import parse
from reluctant.records.parts import Json, LayerRecord
from reluctant.records.schema import DataRecord
from reluctant.records.study_records import StudyRecords
from reluctant.study import SOURCES, Run, Study, bundled

Pairs = list[tuple[str, str]]

SHARED_SEEDS = (
    "A table of seeds: runs share weights, orders or splits, so the intervals of means on this page are "
    "narrower than they should be. To compare activations, give seed = [0, 1, …]"
)


def recipe(records: StudyRecords, items: str) -> Pairs:
    """Terms and values that say what was trained."""
    study = records.study
    return [
        ("About", study.about or f"How do {len(study.activation)} activations compare?"),
        ("Data set", "; ".join(map(dataset_title, study.dataset))),
        (items.capitalize(), _split_sizes(records, items)),
        ("Activations", ", ".join(study.activation)),
        ("Network", _described(MODELS, study.model)),
        ("Initial weights", _described(INITIALISATIONS, study.init)),
        ("Optimizer", _described(OPTIMIZERS, study.optimizer)),
        ("Learning rate", ", ".join(f"{lr:g}" for lr in study.lr)),
        *_options(study),
        ("Batch size", ", ".join(f"{size:,}" for size in study.batch_size)),
        ("Epochs", ", ".join(f"{epochs:,}" for epochs in study.epochs)),
        ("Seeds", _seeds(study)),
        ("Runs", f"{len(records):,} of {records.planned:,} finished"),
    ]


def _options(study: Study) -> Pairs:
    """The options of the recipe that differ from their defaults."""

    def unusual(axis: str) -> tuple[Any, ...]:
        values: tuple[Any, ...] = getattr(study, axis)
        return values if values != (getattr(Run, axis),) else ()

    scaled = "scaled down to a total norm of {:g} where it is larger"
    smoothed = "smoothed: a share of {:g} goes to all classes alike"
    terms = {
        "Schedule": [_described(SCHEDULES, [name]) for name in unusual("schedule")],
        "Gradients": [scaled.format(norm) if norm else "unchanged" for norm in unusual("clip_norm")],
        "Labels": [smoothed.format(share) if share else "unchanged" for share in unusual("label_smoothing")],
        "Augmentation": [
            ", then ".join(f"{p}: {AUGMENTATIONS[p.head].purpose}" for p in augmentation_steps(text)) or "none"
            for text in unusual("augment")
        ],
        "Early stopping": [
            f"after {count(epochs, 'epoch')} without a lower validation loss" if epochs else "never"
            for epochs in unusual("patience")
        ],
        "Loss": [_described(LOSSES, [name]) for name in unusual("loss")],
        "Class weights": list(unusual("class_weights")),
        "Gradient accumulation": [count(batches, "batch") + " per step" for batches in unusual("accumulate")],
        "Precision": [f"{each}, forward pass only" if each == "bf16" else each for each in unusual("precision")],
    }
    return [(term, "; ".join(texts)) for term, texts in terms.items() if texts]


def _described(table: Catalogue[Any], names: Sequence[str]) -> str:
    """Names with the purpose of their rows in a catalogue; the user's own without."""
    rows = ((name, _row(name, table)) for name in names)
    return "; ".join(name if row is None else f"{name}: {row.purpose}" for name, row in rows)


def _seeds(study: Study) -> str:
    if study.sources:
        varied = {SOURCES[source]: len(values) for source, values in study.sources.items() if len(values) > 1}
        listed = ", ".join(f"{count(n, 'number')} for the {source}" for source, n in varied.items())
        return f"{len(study.seed)}, every combination of {listed}"
    seeds = [int(seed) for seed in study.seed]
    consecutive = len(seeds) > 2 and seeds == list(range(seeds[0], seeds[0] + len(seeds)))
    listed = f"{seeds[0]} to {seeds[-1]}" if consecutive else ", ".join(map(str, seeds))
    return f"{len(seeds)} ({listed}), the same for every activation" if len(seeds) > 1 else f"one ({listed})"


def _split_sizes(records: StudyRecords, items: str) -> str:
    """Inputs per split: counted in a confusion matrix, else as the folder describes its data."""
    counted = ({s: total_items(run.counts[s][0]) for s in SPLITS} for run in records if run.epochs)
    sizes = next(counted, None) or next((dict(data.images) for data in records.data.values()), None)
    if sizes is None:
        return "not known before a first epoch has ended"
    return (
        f"{sizes['train']:,} for training, {sizes['valid']:,} for validation (used for choices such as the learning "
        f"rate), {sizes['test']:,} test {items} to report on"
    )


def data_of(records: StudyRecords) -> tuple[DataRecord, ...]:
    """What the folder keeps of the data of the runs; of a study without runs, of all data."""
    used = list(dict.fromkeys(run.record.data for run in records)) or list(records.data)
    return tuple(records.data[sha256] for sha256 in used if sha256 in records.data)


def items_of(records: StudyRecords) -> str:
    """`images`, `rows`, `signals`; `inputs` where several data sets have different words."""
    words = {data.items for data in data_of(records)}
    return "inputs" if len(words) > 1 else next(iter(words), "images")


def class_names(records: StudyRecords, classes: int) -> tuple[str, ...]:
    """What the classes are called, or their numbers where that is not known."""
    for data in data_of(records):
        if len(data.classes) == classes:
            return tuple(map(clip, data.classes))
    row = _row(records.study.dataset[0], DATASETS)
    return tuple(row.classes) if row and len(row.classes) == classes else tuple(map(str, range(classes)))


def catalogue_row(activation: str) -> Activation | None:
    """The catalogue's row of an activation, None for the user's own."""
    return _row(activation, ACTIVATIONS)


def _row(name: str, table: Catalogue[RowType]) -> RowType | None:
    try:
        return table[parse(name).head]
    except ReluctantError:
        return None


def run_text(run: Run, study: Study | None) -> str:
    """`gelu, seed 3 (control), lr = 0.01`: a run by what differs from the other runs of its study."""
    return ", ".join(
        part for part in (run.activation, f"seed {seed_text(run, study)}", varied_text(run, study)) if part
    )


def warnings(records: StudyRecords) -> tuple[str, ...]:
    """What the records warn of, each once, with the number of runs that say it."""
    texts = Counter(text for run in records for text in run.record.warnings)
    lines = [f"{text} ({count(n, 'run')})" for text, n in texts.items()]
    damaged = sum(name.startswith("runs/") for name in records.damaged)
    if damaged:
        lines.append(f"{count(damaged, 'record')} damaged and left out; `reluctant run` trains the runs again")
    if others := [name for name in records.damaged if not name.startswith("runs/")]:
        lines.append(f"Damaged and left out: {', '.join(others)}")
    for pair, reason in withheld_verdicts(records).items():
        lines.append(": ".join(["No verdict", *([" and ".join(sorted(pair))] if pair else []), reason]))
    if records.study.sources:
        lines.append(SHARED_SEEDS)
    return (*lines, *_mixed_environments(records))


def _mixed_environments(records: StudyRecords) -> list[str]:
    """What differs between the machines of the runs and may change their last digits."""
    machines = [records.environments.get(str(run.record.environment), {}) for run in records]
    keys = ("python", "processor", "torch", "settings")
    values = [(key, [_setting_words(each.get(key)) for each in machines]) for key in keys]
    values.append(("commit", [str(each.get("commit") or "not known")[:10] for each in machines]))
    for package in sorted({package for each in machines for package in each.get("packages", {})}):
        values.append((package, [str(each.get("packages", {}).get(package, "not known")) for each in machines]))
    lines = []
    for subject, texts in values:
        if len(runs := Counter(texts)) > 1:
            parts = ", ".join(f"{text} ({count(n, 'run')})" for text, n in runs.items())
            what = "at different commits of reluctant" if subject == "commit" else f"with different {subject}"
            lines.append(f"Runs were trained {what}: {parts}. Last digits may differ")
    return lines


def _setting_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('products', 'matrix library')} {v}" for key, v in value.items()) or "none"
    return "not known" if value is None else str(value)[:60]


def environments(records: StudyRecords) -> list[Pairs]:
    """Per environment: what machine and versions, and how many runs it made."""
    used = Counter(str(run.record.environment) for run in records)
    return [[*_environment(records.environments.get(name)), ("Runs", f"{runs:,}")] for name, runs in used.items()]


def _environment(environment: Json | None) -> Pairs:
    if not environment:
        return [("Machine", "its description is missing from the folder")]
    e = environment
    terms = {
        "Processor": e.get("processor"),
        "Cores": e.get("cores"),
        "System": " ".join(str(e[key]) for key in ("system", "machine") if e.get(key)),
        "Python": e.get("python"),
        "Packages": ", ".join(f"{name} {version}" for name, version in dict(e.get("packages", {})).items()),
        "Settings": _setting_words(e["settings"]) if e.get("settings") else None,
        "PyTorch": _setting_words(e["torch"]) if e.get("torch") else None,
        "Commit of reluctant": e.get("commit"),
    }
    return [(term, str(value)) for term, value in terms.items() if value]


def provenance(records: StudyRecords) -> Pairs:
    """Checksums, recipe and time over all runs."""
    seconds = sum(float(run.seconds[part].sum()) for run in records for part in ("train", "evaluate"))
    data, recipes = (dict.fromkeys(str(getattr(run.record, key)) for run in records) for key in ("data", "recipe"))
    return [
        ("Data, SHA-256", ", ".join(data) or "not known"),
        ("Version of the training code", ", ".join(recipes) or "not known"),
        ("Time", f"{duration(seconds)} of training and evaluation, all runs together"),
    ]


def history(records: StudyRecords) -> tuple[str, ...]:
    """A line per change of the study: when, what, and whether results were there to be seen."""
    return tuple(
        f"{change.date}: {', '.join(change.changed)} changed"
        + (", when there were results already" if change.looked else "")
        for change in records.history
    )


def command_to_repeat(records: StudyRecords) -> str:
    """The command that trains this study, or continues it."""
    study, folder = records.study, records.folder or records.study.folder
    if folder == study.folder and study.name in bundled() and Study.read(study.name) == study:
        return f"reluctant run {study.name}"
    return f"reluctant run {folder}/study.toml -o {folder}"


def data_source(study: Study) -> str:
    """Where the data come from."""
    rows = (_row(name, DATASETS) for name in study.dataset)
    return "; ".join(row.source for row in rows if row is not None)


def network_layers(records: StudyRecords) -> tuple[Sequence[LayerRecord], int | None]:
    """The layers of the network and its parameters, as the first record that lists them has it."""
    run = next((run for run in records if run.record.layers), None)
    return ([], None) if run is None else (run.record.layers, run.record.parameters)
