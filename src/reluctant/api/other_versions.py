"""What differs between this machine and those that trained what a folder holds already."""

from collections import defaultdict

from reluctant.core.environment import describe_environment
from reluctant.records.parts import Json
from reluctant.records.side_files import read_environments
from reluctant.records.study_dir import StudyDir


def other_versions(folder: StudyDir) -> list[str]:
    """A sentence where runs of other versions or another kind of processor are in a folder, none where none are."""
    here = _parts(describe_environment())
    others: dict[str, set[str]] = defaultdict(set)
    for environment in read_environments(folder.path)[0].values():
        for part, value in _parts(environment).items():
            if part in here and value != here[part]:
                others[part].add(value)
    if not others:
        return []
    there = ", ".join(f"{part} {' and '.join(sorted(values))}" for part, values in others.items())
    now = ", ".join(f"{part} {here[part]}" for part in others)
    return [
        f"{folder.path} holds runs that were trained with {there}; this is {now}. The last digits may differ, and the "
        f"report says so. For one version throughout, choose a new folder with -o"
    ]


def _parts(environment: Json) -> dict[str, str]:
    """The versions and the processor, by name; reluctant itself is left out, whose recipe is checked elsewhere."""
    packages = environment.get("packages")
    versions = {"Python": environment.get("python"), **(packages if isinstance(packages, dict) else {})}
    parts = {**versions, "processor": environment.get("processor")}
    return {name: str(value) for name, value in parts.items() if value and name != "reluctant"}
