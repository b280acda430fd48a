"""The folder of a call of `reluctant.compare`: its name, what it holds already, and what of it the call is about."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reluctant.analysis import ReportData
from reluctant.api.progress import status_line
from reluctant.api.results import Results
from reluctant.api.run import code_checksums, run
from reluctant.core.canonical_json import digest
from reluctant.core.user_code import modules_of
from reluctant.records.study_dir import StudyDir
from reluctant.study import Study

if TYPE_CHECKING:
    from reluctant.data import Dataset

# keys that studies got later: their defaults must not change the folders of earlier calls
STEP_KEYS = ("steps", "evaluate_every")
LATER_KEYS = ("precision", "accumulate", "class_weights", "loss", "compile", *STEP_KEYS)


def run_in_folder(study: Study, path: Path, data: Mapping[str, str], options: dict[str, Any]) -> Results:
    """Train what the folder lacks, and return what this call is about."""
    study_dir = StudyDir(path)
    extended = _with_folder_contents(study, study_dir)
    study_dir.check_origins(data)
    with status_line(extended) as line:
        options = {**options, "watch": options["watch"] or line}
        results = run(extended, path, **options, allow_modules=modules_of(study.user_names))
    return _only(results, study)


def own_folder(study: Study) -> Path:
    """A folder of its own for every training and every other question."""
    others = {"name", "about", "seed", "activation", "arm", "compare", *_at_default(study, ("compile", *STEP_KEYS))}
    keys = study.model_dump(mode="json", exclude=others)
    code = {name: each for name, each in code_checksums(study).items() if not name.startswith("arm ")}
    return Path("out") / f"{study.folder.name}-{digest({**keys, 'sources': code})[:8]}"


def folder_name(study: Study, dataset: "Dataset") -> str:
    """A folder of its own for every question: another network, data set or recipe is another one."""
    others = {"name", "about", "seed", "activation", "compare", "arm", "train", "command"}
    others |= _at_default(study, LATER_KEYS)
    recipe = study.model_dump(mode="json", exclude=others)
    identity = {**recipe, "sources": code_checksums(study), "data": dataset.sha256}
    return f"{study.folder.name}-{digest(identity)[:8]}"


def _at_default(study: Study, keys: tuple[str, ...]) -> set[str]:
    return {key for key in keys if getattr(study, key) == Study.model_fields[key].default}


def short_name(name: str) -> str:
    """`MyNet` for `here:MyNet` and for `my_lab.nets:MyNet(depth=3)`."""
    return name.partition("(")[0].rpartition(":")[2]


def _with_folder_contents(study: Study, study_dir: StudyDir) -> Study:
    """The study with the seeds and activations that its folder has beside those of this call."""
    path = study_dir.path / "study.toml"
    if not path.is_file():
        return study
    stored, kind = Study.read(path), "arm" if study.arm else "activation"
    seeds, activations = (tuple(dict.fromkeys((*getattr(stored, key), *getattr(study, key)))) for key in ("seed", kind))
    return study.model_copy(update={"seed": seeds, kind: activations})


def _only(results: Results, study: Study) -> Results:
    """Of all that a folder holds, what this call is about."""
    if study.until_decided is not None:
        study = study.model_copy(update={"seed": results.study.seed})
    runs, records = set(study.runs()), results.records
    chosen = replace(
        records,
        study=study,
        runs=tuple(result for result in records if result.run in runs),
        reported=tuple(result for result in records.reported if result.run in runs),
        failures={run: cause for run, cause in records.failures.items() if run in runs},
    )
    return Results(ReportData.of(chosen))
