"""The tables of verdicts, claims, published numbers and variance in the terminal."""

from typing import TYPE_CHECKING

from reluctant.core.display import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from reluctant.analysis import Comparison, ReportData


def print_verdicts(data: "ReportData", *, everything: bool = True) -> None:
    """Print the sentences and the table of every comparison; then, with `everything`, claims and the rest."""
    from rich.console import Console

    from reluctant.analysis.headline import (
        all_diverged,
        comparison_title,
        exploratory,
        extended,
        growth,
        nothing_learned,
        reliability,
    )
    from reluctant.analysis.overall import overall_sentences
    from reluctant.analysis.sentence import comparison_warnings, margin_sentence, selection_sentence, verdict_sentences
    from reluctant.analysis.sizes import size_sentence

    console = Console(highlight=False)
    if text := all_diverged(data) or nothing_learned(data):
        _print(console, text)
    if data.overall:
        _print(console, " ".join(overall_sentences([c for c in data.comparisons if not c.selected], data.overall)))
    for comparison in data.comparisons:
        if title := comparison_title(comparison):
            _print(console, f"\n{title}")
        _print(console, " ".join([verdict_sentences(comparison), selection_sentence(comparison)]).strip())
        console.print(_verdict_table(comparison))
        if comparison.family:
            _print(console, margin_sentence(comparison))
        for warning in comparison_warnings(comparison):
            _print(console, warning)
    for text in dict.fromkeys(filter(None, map(size_sentence, data.settings))):
        _print(console, text)
    for text in filter(None, (exploratory(data), extended(data), growth(data), reliability(data))):
        _print(console, text)
    if data.question.seed_sources:
        _print_variances(console, data)
    if everything:
        _print_claims(console, data)
        _print_published(console, data)


def _print_claims(console: "Console", data: "ReportData") -> None:
    """What became of the claims of the study."""
    for setting in data.settings if data.question.claims else ():
        if setting.claims:
            _print(console, f"\nClaims ({setting.title}):" if setting.title else "\nClaims:")
        for judged in setting.claims:
            _print(console, f"{judged.outcome.value:>12}: {judged.claim.says}")
    for says, why in (data.records.study.untested_claims if data.records else {}).items():
        _print(console, f"{'not tested':>12}: {says} ({why})")


def _verdict_table(comparison: "Comparison") -> "Table":
    table, unit = _table(comparison.subject.arm), comparison.unit
    difference = f"difference\n({unit.word})" if unit.word else "difference"
    for head in ("n", comparison.metric.title, difference, "p"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("more\nseeds", justify="right", no_wrap=True)
    for row in comparison.rows:
        mean, p, verdict, more = "", "", "baseline", ""
        if row.contrast is not None:
            d, ends = row.contrast.difference, row.contrast.decision.more_seeds
            verdict = f"{row.contrast.verdict.sign} {row.contrast.verdict.value}"
            mean = unit.difference(d.mean) if d.n else "–"
            p = "" if d.corrected is None else f"{d.corrected:.3f}" if d.corrected >= 0.001 else "< .001"
            too_many = "> 100" if verdict == "? undecided" and comparison.question.margin else ""
            more = "–".join(map(str, dict.fromkeys(ends))) if ends else too_many
        table.add_row(_text(row.arm), str(row.score.n), unit.interval(row.score), mean, p, verdict, more)
    return table


def _print_variances(console: "Console", data: "ReportData") -> None:
    """Each source's share of the variance between runs."""
    from reluctant.analysis.variance import SOURCE_WORDS

    for setting in data.settings:
        unit = setting.unit(data.question.metric.name)
        if setting.title:
            _print(console, f"\n{setting.title}")
        table = _table(data.subject.arm)
        table.add_column("source")
        for head in ("share", "standard deviation"):
            table.add_column(head, justify="right", no_wrap=True)
        for each in setting.variances:
            if each.missing:
                lost = f"{each.missing} of {each.runs} runs missing or diverged"
                table.add_row(_text(each.arm), lost, "–", "–")
            for part in each.parts:
                share, std = f"{100 * part.share:.0f} %", unit.value(part.variance**0.5)
                table.add_row(_text(each.arm), SOURCE_WORDS[part.source], share, std)
        console.print(table)


def _print_published(console: "Console", data: "ReportData") -> None:
    """How many published numbers agree with ours, and all of them."""
    from reluctant.report.published import published_sentence
    from reluctant.report.verdict_tables import published_table

    for setting in data.settings if data.question.published else ():
        numbers = published_table(setting)
        where = f" ({setting.title})" if setting.title else ""
        _print(console, f"\n{numbers.caption}{where}\n{published_sentence(setting)}")
        table = _table(numbers.columns[0].lower(), ratio=None)
        for i, head in enumerate(numbers.columns[1:], 1):
            if i in numbers.words:
                table.add_column(head.lower(), overflow="fold")
            else:
                narrow = head.lower().replace("prediction ", "prediction\n").replace("(prediction)\n", "(prediction) ")
                table.add_column(narrow, justify="right", no_wrap=True)
        for row in numbers.rows:
            table.add_row(*(_text(cell.replace("\n", ", ")) for cell in row))
        console.print(table)


def _table(first: str, ratio: int | None = 1) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(first, overflow="fold", ratio=ratio)
    return table


def _text(text: str) -> "Text":
    """A text of others as it stands: no markup, no emoji codes, no control codes."""
    from rich.text import Text

    return Text(visible(text))


def _print(console: "Console", text: str) -> None:
    console.print(_text(text))
