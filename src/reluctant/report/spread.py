"""Where the spread comes from, on the page: a figure and the components of every activation."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from reluctant import figures
from reluctant.analysis.comparison.units import unit_of
from reluctant.analysis.variance import WORDS, Spread, sentence, spreads
from reluctant.figures.labels import marks, metric_title, setting_words, slug, test_part
from reluctant.records.study_results import Results
from reluctant.report.pictures import Picture, Studio
from reluctant.report.tables import DASH, Table, number
from reluctant.statistics import Component

METHOD = (
    "Every combination of the seeds was trained. The variance of the scores is taken apart by an analysis of "
    "variance in which all effects are random; what no source accounts for by itself is their interplay. "
    "Intervals: 95 % (Williams 1962). Few numbers per source make wide intervals, and a share of 0 says no "
    "more than that nothing was seen."
)


@dataclass(frozen=True)
class Apart:
    """The spread at one setting; `title` is empty where the study has only one."""

    title: str
    said: str
    picture: Picture
    parts: Table


def apart(results: Results, studio: Studio) -> tuple[Apart, ...]:
    """One part per setting; empty where the study gives plain seeds."""
    if not results.study.sources or not len(results):
        return ()
    return tuple(_one(results.at(s), setting_words(s), studio) for s in results.settings)


def _one(part: Results, title: str, studio: Studio) -> Apart:
    ending = "_" + slug(title.replace(" ", "")) if title else ""
    picture = studio.picture(f"spread{ending}", partial(figures.spread_by_source, part), None)
    return Apart(title, sentence(part), picture, _table(part))


def _table(part: Results) -> Table:
    labels, metric = marks(part), part.study.compare.metric
    decimals = unit_of(part, metric).score
    rows = [(labels[e.activation].label, *cells) for e in spreads(part) for cells in _cells(e, decimals)]
    heads = ("Activation", "Source", "Numbers", "Share", "Deviation", "95 % interval")
    caption = f"Deviation of {metric_title(metric)} by source, on {test_part(part)}"
    return Table(caption, heads, tuple(rows), note=METHOD, words=frozenset({1}))


def _cells(each: Spread, decimals: int) -> list[tuple[str, ...]]:
    if not each.parts:
        return [(f"{each.lost} of {each.runs} runs missing or diverged", DASH, DASH, DASH, DASH)]
    return [_cell(part, decimals) for part in each.parts]


def _cell(part: Component, decimals: int) -> tuple[str, ...]:
    interval = DASH
    if part.low is not None and part.high is not None:
        interval = (
            f"{number(float(np.sqrt(part.low)), decimals)} to {number(float(np.sqrt(part.high)), decimals)}"
        )
    share = f"{100 * part.share:.0f} %" if np.isfinite(part.share) else DASH
    levels = str(part.levels) if part.low is not None else DASH
    return (WORDS[part.source], levels, share, number(float(np.sqrt(part.variance)), decimals), interval)
