"""The section on published numbers: how many agree with ours, and which do not."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from reluctant import figures
from reluctant.analysis import ReportData, SettingData
from reluctant.analysis.labels import count, list_names
from reluctant.analysis.published import Agreement, PublishedCheck
from reluctant.figures.published import published_label
from reluctant.report import verdict_tables
from reluctant.report.pictures import PictureBook
from reluctant.report.sections import MANY, FigureSection, file_suffix

NAMED = 6  # arms up to which a sentence names them


def published_section(data: SettingData, book: PictureBook, whole: ReportData) -> FigureSection:
    """The published numbers beside those of one setting."""
    draw, name = partial(figures.published_numbers, data), f"published_numbers{file_suffix(data.title)}"
    picture = book.draw(name, draw, None) if len(whole.settings) <= MANY else None
    return FigureSection(data.title, published_sentence(data), picture, verdict_tables.published_table(data))


def published_counts(settings: Sequence[SettingData]) -> str:
    """`11 of 16 agree`, over all settings."""
    checks = [each for setting in settings for each in setting.published]
    agreeing = sum(each.agreement == Agreement.AGREES for each in checks)
    return f"{agreeing:,} of {len(checks):,} agree"


def published_sentence(data: SettingData) -> str:
    """`11 of 16 published numbers agree with ours. Higher than ours: ReLU after epoch 1 and 5. …`."""
    checks = data.published
    counts = Counter(each.agreement for each in checks)
    verb = "agrees" if len(checks) == 1 else "agree"
    total = count(len(checks), "published number")
    sentences = [f"{counts[Agreement.AGREES]} of {total} {verb} with ours."]
    for agreement in Agreement:
        group = [each for each in checks if each.agreement == agreement]
        if group and agreement != Agreement.AGREES:
            sentences.append(_published_names(data, agreement, group))
    return " ".join(sentences)


def _published_names(data: SettingData, agreement: Agreement, checks: Sequence[PublishedCheck]) -> str:
    """Which numbers have a verdict: by name where the arms are few."""
    word = f"{agreement[0].upper()}{agreement[1:]}"
    epochs: dict[str, list[str]] = {}
    for each in checks:
        epoch = f"{each.published.epoch:,}" if each.published.epoch else "last"
        epochs.setdefault(published_label(data, each), []).append(epoch)
    if len(epochs) > NAMED:
        return f"{word}: {len(checks):,}."
    if {each.published.epoch for each in checks} == {None}:
        return f"{word}: {'; '.join(epochs)}."
    names = (f"{label} after epoch {list_names(list(dict.fromkeys(e)))}" for label, e in epochs.items())
    return f"{word}: {'; '.join(names)}."
