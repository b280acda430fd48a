"""Completion by the Tab key: `reluctant completion SHELL`, and the names that commands complete."""

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

USUAL_FOLDERS = ("", "out", "results")  # where folders of studies are, from the current one
TABLES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
FILES = CompletionItem("", type="file")  # the shell completes any file


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the program by which SHELL completes commands and names with the Tab key.

    \b
    Add this line to the shell's start-up file, then open a new terminal:
      bash  (~/.bashrc)                    eval "$(reluctant completion bash)"
      zsh   (~/.zshrc, after compinit)     eval "$(reluctant completion zsh)"
      fish  (~/.config/fish/config.fish)   reluctant completion fish | source

    Completed are commands and options, bundled studies and study files, activations, and folders of results.
    """  # noqa: D301 (click reads the \b)
    kind = get_completion_class(shell)
    assert kind is not None  # click has these three
    root = click.get_current_context().find_root()
    maker = kind(root.command, {}, "reluctant", "_RELUCTANT_COMPLETE")
    click.echo(maker.source_template % maker.source_vars())


def complete_study(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Bundled studies and study files."""
    from reluctant.study.files import bundled

    names = [*bundled(), *_entries(begun, lambda path: path.suffix == ".toml")]
    return _matching(names, begun) or [FILES]


def complete_activation(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Activations of the catalogue."""
    from reluctant.catalogue import ACTIVATIONS

    return _matching([row.name for row in ACTIVATIONS], begun)


def complete_name(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Everything that `reluctant show` knows."""
    from reluctant import catalogue
    from reluctant.catalogue.metrics import METRICS
    from reluctant.study.files import bundled

    tables = (catalogue.ACTIVATIONS, catalogue.MODELS, catalogue.DATASETS, catalogue.OPTIMIZERS,
              catalogue.INITIALISATIONS, catalogue.PROCEDURES, catalogue.SCHEDULES, catalogue.AUGMENTATIONS,
              catalogue.NORMS)  # fmt: skip
    names = [row.name for table in tables for row in table]
    return _matching(dict.fromkeys([*names, *(row.name for row in METRICS), *bundled()]), begun)


def complete_dataset(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Data sets of the catalogue."""
    from reluctant.catalogue import DATASETS

    return _matching([row.name for row in DATASETS], begun)


def complete_folder(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Folders of studies: here, in `out` and `results`, and in the folder that is being typed."""
    return _matching(_study_folders(begun), begun) or [CompletionItem("", type="dir")]


def complete_source(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """What `judge` reads: folders of studies, and tables."""
    tables = _entries(begun, lambda path: path.suffix.lower() in TABLES)
    return _matching([*_study_folders(begun), *tables], begun) or [FILES]


def _study_folders(begun: str) -> list[str]:
    folders = dict.fromkeys([*USUAL_FOLDERS, begun.rpartition("/")[0] + "/" * ("/" in begun)])
    return [name for folder in folders for name in _inside(folder, lambda path: (path / "study.toml").is_file())]


def _entries(begun: str, matches: Callable[[Path], bool]) -> list[str]:
    """The entries of the folder that is being typed, as the user types them."""
    return _inside(begun.rpartition("/")[0] + "/" * ("/" in begun), matches)


def _inside(folder: str, matches: Callable[[Path], bool]) -> list[str]:
    prefix = folder if not folder or folder.endswith("/") else f"{folder}/"
    try:
        return sorted(f"{prefix}{path.name}" for path in Path(prefix or ".").iterdir() if matches(path))
    except OSError:
        return []


def _matching(names: Iterable[str], begun: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(begun)]
