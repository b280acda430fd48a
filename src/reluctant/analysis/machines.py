"""On which machines and with which code a study was trained, and how long it took."""

from collections import Counter
from typing import Any

from reluctant.analysis.labels import count, duration
from reluctant.records.parts import Json
from reluctant.records.study_records import StudyRecords

Pairs = list[tuple[str, str]]


def mixed_environments(records: StudyRecords) -> list[str]:
    """What differs between the machines of the runs and may change their last digits."""
    machines = [records.environments.get(str(run.record.environment), {}) for run in records.scored]
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
    used = Counter(str(run.record.environment) for run in records.scored)
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
    if records.reported:
        seconds = sum(report.seconds for run in records.reported for report in run.record.reports)
        code = dict.fromkeys(
            f"{name} {each[:16]}…" for run in records.reported for name, each in run.record.sources.items()
        )
        return [
            ("Code, SHA-256", ", ".join(code) or "not known"),
            ("Time", f"{duration(seconds)} of training, all runs together"),
        ]
    data, recipes = (dict.fromkeys(str(getattr(run.record, key)) for run in records) for key in ("data", "recipe"))
    return [
        ("Data, SHA-256", ", ".join(data) or "not known"),
        ("Version of the training code", ", ".join(recipes) or "not known"),
        ("Time", f"{duration(seconds)} of training and evaluation, all runs together"),
    ]
