"""`reluctant.compare`: train a network with each activation, and say which differences are real."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reluctant.api.folders import folder_name, own_folder, run_in_folder, short_name
from reluctant.api.objects import activation_names, code_name, is_module, model_name
from reluctant.api.progress import Watcher
from reluctant.api.results import Results
from reluctant.core.display import quoted
from reluctant.core.errors import StudyError
from reluctant.core.user_code import SESSION_MODULE
from reluctant.core.user_objects import register_object
from reluctant.study import UNTIL_DECIDED, Run, Study

if TYPE_CHECKING:
    from torch import nn

    from reluctant.data import Dataset


def compare(
    activations: Sequence[Any] | Mapping[str, Any],
    *,
    model: "str | Callable[..., Any] | nn.Module | None" = None,
    data: Any = None,
    train: "str | Callable[..., Any] | None" = None,
    command: str | None = None,
    seeds: int | Sequence[int] | Literal["until decided"] = 5,
    until_decided: Mapping[str, float] | None = None,
    baseline: str | None = None,
    metric: str | None = None,
    margin: float | None = None,
    higher: bool | None = None,
    folder: str | Path | None = None,
    test_fraction: float = 0.2,
    kind: str = "auto",
    epochs: int = Run.epochs,
    lr: float | Sequence[float] = Run.lr,
    optimizer: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] = Run.optimizer,
    batch_size: int | Sequence[int] = Run.batch_size,
    schedule: str | Sequence[str] = Run.schedule,
    init: str | Sequence[str] | None = None,
    clip_norm: float = Run.clip_norm,
    label_smoothing: float = Run.label_smoothing,
    augment: str = Run.augment,
    patience: int = Run.patience,
    train_fraction: float = Run.train_fraction,
    pixels: str = "standardised",
    procedure: str | type | Sequence[str | type] = Run.procedure,
    choose: str | None = None,
    control: bool = False,
    robustness: bool = Run.robustness,
    keep_weights: bool = Run.keep_weights,
    threads: int = Run.threads,
    about: str = "",
    check_repeatable: bool = False,
    watch: Watcher | None = None,
    engine: str = "local",
    workers: int | None = None,
    device: str = "auto",
    timeout: float | None = None,
    slurm: Mapping[str, Any] | None = None,
    data_folder: str | Path | None = None,
    precision: str | Sequence[str] = "float32",
    accumulate: int | Sequence[int] = Run.accumulate,
    class_weights: str | Sequence[Any] = Run.class_weights,
    loss: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] = Run.loss,
    track: Sequence[str] = (),
    steps: int = Run.steps,
    evaluate_every: int = 0,
    compile: bool = Run.compile,  # noqa: A002
    pack: int | None = None,
) -> Results:
    """Train with each activation, or any other arm, from the same seeds, and say which differences are real.

    Give `model` and `data` for our own training loop, `train` for a loop of your own, or `command` for a script.
    Results are stored in a folder. The same call continues where it stopped, or returns at once.

    Args:
        activations: Names of the catalogue, or classes and functions; a mapping gives these names. With `train` or
            `command` also other things, such as optimizers.
        model: A name (`"resnet"`), a class or function that builds a network, or a network, of which every run
            gets a copy that starts with its weights (`init="default"` draws new ones). One that takes an
            activation (`activation=`, `act_layer=`, …) is given one; in any other, every activation is
            replaced (see `reluctant.models.swap_activations`).
        data: A name (`"digits"`), `(x, y)`, `(x, y, x_test, y_test)`, a torch `Dataset` or a pair of them, or a
            `reluctant.data.Dataset`. More than 2 GiB of a torch `Dataset` are read batch by batch, as is what
            `reluctant.data.from_data(dataset, stream=True)` returns. Whole numbers and strings in y are classes, other
            numbers are predicted (regression). Token ids: see `reluctant.data.from_data`.
        train: Your own loop, a function of a `reluctant.Trial` that returns or reports scores, or its name.
        command: Your own script: `python train.py --act {activation} --seed {seed} --out {result}`.
        seeds: How many runs each activation gets, which seeds, or `"until decided"`: one more after each look for those
            activations that are undecided.
        until_decided: How such a study grows: `start` (5 seeds), `most` (40) and `hours` of one call.
        baseline: The activation that the others are compared with; the first unless given.
        metric: The metric that decides; macro F1, or R² where numbers are predicted.
        margin: Differences below this do not matter, in the metric's unit: 0.01 of accuracy is one point.
        higher: Whether more of a reported metric is better, where its name does not say.
        folder: Where results are stored; under `out` unless given.
        test_fraction: Share of the data held out for testing, where they have no test split.
        kind: `classes` or `numbers` where y is not to be guessed.
        epochs: Passes over the training split.
        lr: The learning rate; a list varies it.
        optimizer: `adam`, `sgd(momentum=0.9)`, …, or a class or function of your own, called as (parameters, lr=lr); a
            list varies it.
        batch_size: Inputs per step; a list varies it.
        schedule: How the learning rate changes: `constant`, `cosine(warmup=1)`, …
        init: How weights are drawn: `default` (by the network's own code, else by PyTorch's), `kaiming`, or `as_made`
            (all weights stay as the network was built).
        clip_norm: The largest norm of all gradients together; 0 for any.
        label_smoothing: The share of a label given to all classes alike.
        augment: What is done to training images: `flip + crop(padding=4)`, …
        patience: Epochs without a lower validation loss after which a run stops; 0 for never.
        train_fraction: Share of the training data that is trained on; the rest is the validation split.
        pixels: `standardised`, or `unit` for bytes divided by 255.
        procedure: The training loop: `standard`, or a class of your own derived from `reluctant.training.Training`.
        choose: `lr`, to give each activation the learning rate that is best on validation.
        control: Whether to train the baseline again under other seeds, as the noise floor.
        robustness: Whether to test on degraded images too.
        keep_weights: Whether to store the final weights.
        threads: CPU threads of a run.
        about: What the study is about, for the report.
        check_repeatable: Whether `train` or `command` is run twice for the first run, and compared.
        watch: Is called with every event; a line of progress unless given.
        engine: `local` (processes side by side), `serial`, `ray`, or `slurm`.
        workers: Processes at a time, for `local`; one per core unless given.
        device: `auto`, `cpu`, `cuda`, …
        timeout: Seconds that a run may take before it is tried again, not for `serial`.
        slurm: Options of `sbatch`, for `slurm`.
        data_folder: The folder of named data sets.
        precision: `float32`, `bf16` for a forward pass in bfloat16, or on an NVIDIA GPU `tf32`.
        accumulate: Batches whose gradients make one step.
        class_weights: `balanced`, or a list of numbers: weights of the cross entropy in training.
        loss: What is minimised: a module, a class that builds one, or a function of (outputs, targets).
        track: Trackers that get every run and the verdicts: `mlflow`, `wandb`, `tensorboard`.
        steps: Updates of the weights, in place of `epochs`.
        evaluate_every: Steps between two evaluations; ten evaluations unless given.
        compile: Training steps through `torch.compile`.
        pack: Runs that train side by side in one process; as many as fit on a GPU and one on a processor, unless given.

    Raises:
        ReluctantError: Before anything trains, where the question cannot be answered.

    Example:
        results = reluctant.compare(["relu", "gelu"], model=MyNet, data=(x, y), seeds=5, epochs=20)
        results = reluctant.compare(["relu", "gelu"], train=my_train, seeds=5)
    """
    decides = {"metric": metric, "margin": margin, "baseline": baseline, "higher": higher}
    recipe: dict[str, Any] = {
        "precision": precision, "accumulate": accumulate, "class_weights": class_weights, "loss": loss,
        "compile": compile, "epochs": epochs, "lr": lr, "optimizer": optimizer, "batch_size": batch_size,
        "schedule": schedule, "clip_norm": clip_norm, "label_smoothing": label_smoothing, "augment": augment,
        "patience": patience, "train_fraction": train_fraction, "pixels": pixels, "procedure": procedure,
        "robustness": robustness, "keep_weights": keep_weights, "threads": threads, "control": control,
        "choose": choose, "about": about,
    }  # fmt: skip
    if steps:
        recipe |= {"steps": steps, "evaluate_every": evaluate_every}
        if epochs == Run.epochs:  # which steps take the place of
            del recipe["epochs"]
    elif evaluate_every:
        recipe["evaluate_every"] = evaluate_every  # refused: it counts steps
    recipe |= _seeds(seeds, until_decided)
    options: dict[str, Any] = {
        "watch": watch, "engine": engine, "workers": workers, "device": device, "timeout": timeout, "slurm": slurm,
        "pack": pack,
        "data": data_folder, "check_repeatable": check_repeatable, "track": track,
    }  # fmt: skip
    if train is not None or command is not None:
        if model is not None or data is not None:
            raise StudyError("train and command bring their own network and data; leave out model and data")
        from reluctant.api.own_arms import own_study

        study = own_study(activations, train, command, {**recipe, **({"init": init} if init else {})}, decides)
        return run_in_folder(study, Path(folder) if folder is not None else own_folder(study), {}, options)
    if model is None or data is None:
        raise StudyError("give model and data, or train (a loop of your own), or command (a script of your own)")
    dataset_name, dataset = _dataset(data, test_fraction, kind, data_folder)
    _measure_streamed(dataset, train_fraction, pixels)
    used: dict[str, Any] = {}
    names = activation_names(activations, used)
    network = model_name(model, used)
    recipe |= {
        key: code_name(value, key, used)
        for key, value in (("optimizer", optimizer), ("procedure", procedure), ("loss", loss))
    }
    if f"{SESSION_MODULE}:{baseline}" in names:  # the study has `here:squash` for `squash`
        baseline = f"{SESSION_MODULE}:{baseline}"
    study = Study(
        name=f"{short_name(network)} on {short_name(dataset_name)}",
        activation=names,
        dataset=dataset_name,
        model=network,
        # A network that is given keeps its weights; what builds networks is initialised for every seed.
        init=init or ("as_made" if is_module(model) else Run.init),
        task=dataset.task,
        compare={key: value for key, value in (decides | {"baseline": baseline}).items() if value is not None},
        **recipe,
    )
    path = Path(folder) if folder is not None else Path("out") / folder_name(study, dataset)
    return run_in_folder(study, path, {dataset_name: dataset.sha256}, options)


def _dataset(data: Any, test_fraction: float, kind: str, folder: str | Path | None) -> "tuple[str, Dataset]":
    """The name of the data in a study, and the data."""
    from reluctant.data import from_data, load

    if isinstance(data, str):
        dataset = load(data, Path(folder) if folder else None)
        return dataset.name, dataset
    dataset = from_data(data, test_fraction=test_fraction, kind=kind)
    return register_object(f"data_{dataset.sha256[:8]}", dataset), dataset


def _measure_streamed(dataset: "Dataset", train_fraction: float, pixels: str) -> None:
    """Compute mean and standard deviation of streamed inputs once: they are sent to worker processes with the data."""
    from reluctant.data.streamed import StreamedInputs

    if isinstance(dataset.train.inputs, StreamedInputs):
        from reluctant.training import prepare

        prepare(dataset, train_fraction, pixels=pixels)


def _seeds(seeds: Any, until_decided: Mapping[str, float] | None) -> dict[str, Any]:
    """The keys of a study that say which seeds it has."""
    if isinstance(seeds, str) and seeds == UNTIL_DECIDED:
        return {"seed": UNTIL_DECIDED, "until_decided": dict(until_decided or {})}
    if until_decided is not None:
        raise StudyError(f"until_decided goes with seeds={UNTIL_DECIDED!r}, not with seeds={quoted(seeds)}")
    if isinstance(seeds, Integral) and not isinstance(seeds, bool) and int(seeds) > 0:
        return {"seed": list(range(int(seeds)))}
    if isinstance(seeds, Iterable) and not isinstance(seeds, str):
        listed = [int(each) if isinstance(each, Integral) else each for each in seeds]
        if listed:
            return {"seed": listed}
    message = "seeds must be a number of seeds (5), a list ([0, 1, 2]) or 'until decided'"
    raise StudyError(f"{message}, not {quoted(seeds)}")
