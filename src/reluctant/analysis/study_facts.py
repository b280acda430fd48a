"""What was trained, where, and what went wrong: the facts of a study that no score holds."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from reluctant.analysis.agreement import withheld_verdicts
from reluctant.analysis.labels import clip, count, dataset_title, seed_text, varied_text
from reluctant.analysis.machines import mixed_environments
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
from reluctant.core.user_code import SESSION_MODULE
from reluctant.records.parts import LayerRecord
from reluctant.records.schema import DataRecord
from reluctant.records.study_records import StudyRecords
from reluctant.study import SOURCES, Run, Study, bundled
from reluctant.study.study import AXES

Pairs = list[tuple[str, str]]

SHARED_SEEDS = (
    "A table of seeds: runs share weights, orders or splits, so the intervals of means on this page are "
    "narrower than they should be. To compare activations, give seed = [0, 1, …]"
)


def recipe(records: StudyRecords, items: str) -> Pairs:
    """Terms and values that say what was trained."""
    study = records.study
    if study.reported:
        return _own_recipe(records)
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
        _length(study),
        ("Seeds", _seeds(study)),
        ("Runs", f"{len(records):,} of {records.planned:,} finished"),
    ]


def _length(study: Study) -> tuple[str, str]:
    """How long a run trains."""
    if any(study.steps):
        return "Steps", f"{study.steps[0]:,}, evaluated after every {study.evaluate_every:,}"
    return "Epochs", ", ".join(f"{epochs:,}" for epochs in study.epochs)


def _own_recipe(records: StudyRecords) -> Pairs:
    """The same of a training of the user's own, of which only what was set is known."""
    study = records.study
    axes = [axis for axis in AXES if axis not in ("train", "command")]
    changed = [axis for axis in axes if getattr(study, axis) != (getattr(Run, axis),)]
    words = "arms" if study.arm else "activations"
    return [
        ("About", study.about or f"How do {len(study.arms)} {words} compare?"),
        (words.capitalize(), ", ".join(study.arms)),
        ("Training", "; ".join(filter(None, (*study.train, *study.command)))),
        *((axis, ", ".join(map(str, getattr(study, axis)))) for axis in changed),
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
            f"after {count(epochs, 'evaluation' if any(study.steps) else 'epoch')} without a lower validation loss"
            if epochs
            else "never"
            for epochs in unusual("patience")
        ],
        "Loss": [_described(LOSSES, [name]) for name in unusual("loss")],
        "Class weights": list(unusual("class_weights")),
        "Gradient accumulation": [count(batches, "batch") + " per step" for batches in unusual("accumulate")],
        "Precision": [f"{each}, forward pass only" if each == "bf16" else each for each in unusual("precision")],
        "Compilation": ["training steps through torch.compile" if each else "none" for each in unusual("compile")],
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
    return (
        f"{len(seeds)} ({listed}), the same for every {'arm' if study.arm else 'activation'}"
        if len(seeds) > 1
        else f"one ({listed})"
    )


def _split_sizes(records: StudyRecords, items: str) -> str:
    """Inputs per split: counted in a confusion matrix, else as the folder describes its data."""
    counted = (
        {s: total_items(run.counts[s][0]) for s in SPLITS} for run in records if run.epochs and not run.run.steps
    )
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
    texts = Counter(text for run in records.scored for text in run.record.warnings)
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
    return (*lines, *mixed_environments(records))


def history(records: StudyRecords) -> tuple[str, ...]:
    """A line per change of the study: when, what, and whether results were there to be seen."""
    return tuple(
        f"{change.date}: {', '.join(change.changed)} changed"
        + (", when there were results already" if change.looked else "")
        for change in records.history
    )


def command_to_repeat(records: StudyRecords) -> str:
    """The command that trains this study, or continues it; empty where only the Python session can that compared it."""
    study, folder = records.study, records.folder or records.study.folder
    if any(name.startswith(f"{SESSION_MODULE}:") for name in study.user_names):
        return ""
    if folder == study.folder and study.name in bundled() and Study.read(study.name) == study:
        return f"reluctant run {study.name}"
    return f"reluctant run {folder}/study.toml -o {folder}"


def data_source(study: Study) -> str:
    """Where the data come from."""
    rows = (_row(name, DATASETS) for name in (() if study.reported else study.dataset))
    return "; ".join(row.source for row in rows if row is not None)


def network_layers(records: StudyRecords) -> tuple[Sequence[LayerRecord], int | None]:
    """The layers of the network and its parameters, as the first record that lists them has it."""
    run = next((run for run in records if run.record.layers), None)
    return ([], None) if run is None else (run.record.layers, run.record.parameters)
