"""Results with everything one asks of them in a notebook: verdicts, tables, figures, how they look there."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from reluctant.analysis.comparison import Comparison, sentence
from reluctant.analysis.comparison import compare as held
from reluctant.api.progress import last_line
from reluctant.catalogue.metrics import REGRESSION
from reluctant.catalogue.metrics import metric as named
from reluctant.core.display import visible
from reluctant.core.errors import StudyError
from reluctant.core.suggestions import did_you_mean
from reluctant.core.user_objects import SESSION_MODULE
from reluctant.records.study_results import Results as Records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

OF_ONE = (
    "training",
    "confusion",
    "predicted",
)  # of one activation; classes have the second, numbers the third
PLOTS = ("scores", "curves", "differences", "quality", "shapes", *OF_ONE)


class Results(Records):
    """All finished runs of a study: tables as pandas frames, figures as matplotlib ones, verdicts.

    In a notebook it shows the sentence, the table and the curves.
    """

    def compare(
        self,
        *,
        baseline: str | None = None,
        metric: str | None = None,
        margin: float | None = None,
        at: str | None = None,
    ) -> "pd.DataFrame":
        """Each activation against the baseline: score, difference, its 95 % interval, p, verdict.

        Columns beside these name the setting where the study has several. What is not given is the study's.
        `reluctant.analysis.comparison.compare` gives the same as objects, with all pairs.
        """
        import pandas as pd

        found = held(self, metric=metric, baseline=_own(self, baseline), margin=margin, at=at)
        rows = [row for each in found for row in _rows(each)]
        return pd.DataFrame(rows).set_index("activation") if rows else pd.DataFrame()

    def scores(self, name: str = "", split: str = "test", at: str = "last") -> "pd.DataFrame":
        """Final scores, activations × seeds (one setting), NaN where a run diverged or is missing."""
        return super().scores(name, split, at).rename(index=short)

    def frame(self, metrics: Sequence[str] = ()) -> "pd.DataFrame":
        """One row per activation, seed, setting, epoch and split: the metrics as columns."""
        table = super().frame(metrics)
        return table.assign(activation=[short(name) for name in table["activation"]])

    def curves(self, metric: str = "", split: str = "test") -> "pd.DataFrame":
        """A metric after every epoch: epochs × (activation, seed), NaN after a run diverged or stopped."""
        import pandas as pd

        self.one_setting()
        name = named(metric or self.study.compare.metric).name
        found = {(short(r.run.activation), r.run.seed): pd.Series(r.curve(name, split)) for r in self.results}
        table = pd.DataFrame(found)
        table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
        return table.rename_axis(columns=["activation", "seed"])

    def plot(self, kind: str = "scores", metric: str = "", **more: Any) -> "Figure":
        """A figure of the report: `scores`, `curves`, `differences`, `quality` (against cost), `shapes`.

        Of one activation (`activation="gelu"`): `training`, and `confusion`, or `predicted` where numbers are
        predicted. `more` goes to the function of
        `reluctant.figures`.
        """
        from reluctant import figures

        name = metric or self.study.compare.metric
        if "activation" in more:
            more["activation"] = _own(self, more["activation"])
        made: dict[str, Any] = {
            "scores": lambda: figures.final_scores(self, name, **more),
            "curves": lambda: figures.score_by_epoch(self, name, **more),
            "quality": lambda: figures.quality(self, name, **more),
            "shapes": lambda: figures.shapes(self, **more),
            "confusion": lambda: figures.confusion(self, **more),
            "predicted": lambda: figures.predicted(self, **more),
            "training": lambda: figures.training_curves(self, **more),
            "differences": lambda: figures.differences(_first(self, metric), **more),
        }
        if kind in OF_ONE and "activation" not in more:
            raise StudyError(
                f"{kind} is of one activation: plot({kind!r}, activation={self.activations[0]!r})"
            )
        if kind == ("confusion" if self.study.task == REGRESSION else "predicted"):
            raise StudyError(f"{self.study.task} has no plot {kind!r}; there are {', '.join(PLOTS)}")
        if kind not in made:
            hint = did_you_mean(kind, made) or f"; there are {', '.join(PLOTS)}"
            raise StudyError(f"no plot is called {kind!r}{hint}")
        return _shown(made[kind]())

    def report(self) -> str:
        """Write the whole report into the study's folder; where the page lies."""
        from reluctant.report import write

        if self.folder is None:
            raise StudyError("these results lie in no folder; reluctant.report.write says where to")
        return str(write(self, self.folder))

    def __repr__(self) -> str:
        """The sentence and the table, as plain text."""
        return _text(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the sentence, the table, the curves."""
        return _html(self)


def _shown(figure: "Figure") -> "Figure":
    """The figure; a notebook shows it even where nothing has brought matplotlib's own display about."""
    from reluctant.figures.saving import png

    setattr(figure, "_repr_png_", lambda: png(figure))  # noqa: B010 (no attribute that Figure declares)
    return figure


def short(name: str) -> str:
    """`squash` for `here:squash`: in the session that made it, nobody has to be told where it is from."""
    return name.removeprefix(f"{SESSION_MODULE}:")


def _own(results: Records, baseline: str | None) -> str | None:
    """The baseline by the name the study gives it; `squash` for `here:squash` will do."""
    known = results.activations
    return next((a for a in known if baseline and short(a) == baseline), baseline)


def _first(results: Records, metric: str) -> Comparison:
    results.one_setting()
    found = held(results, metric=metric or None)
    if not found:
        raise StudyError("a table of seeds compares nothing; there are no differences to plot")
    return found[0]


def _rows(comparison: Comparison) -> list[dict[str, Any]]:
    results, metric, at = comparison.results, comparison.metric, comparison.at
    told = {c.activation: c for c in comparison.family}
    rows = []
    for name in results.activations:
        score = results.interval(metric.name, name, at=at)
        row: dict[str, Any] = {**comparison.setting, "activation": short(name), "n": score.n}
        row |= {metric.name: score.mean, "±": score.half}
        if name in told:
            d = told[name].difference
            row |= {"difference": d.mean, "low": d.low, "high": d.high, "p (Holm)": d.corrected,
                    "verdict": str(told[name].verdict.value)}  # fmt: skip
        else:
            row["verdict"] = "baseline"
        rows.append(row)
    return rows


def _sentences(results: Results) -> list[str]:
    found = [sentence(each).replace(f"{SESSION_MODULE}:", "") for each in held(results)]
    if results.missing:
        found.append(f"{len(results)} of {results.study.size} runs so far.")
    for run, cause in list(results.failures.items())[:3]:
        found.append(f"{short(run.activation)}, seed {run.seed}, failed: {last_line(cause)}")
    return found


def _text(results: Results) -> str:
    table = results.compare()
    shown = [] if table.empty else ["", table.to_string(float_format="{:.4f}".format, na_rep="")]
    return visible("\n".join([*_sentences(results), *shown]))


def _html(results: Results) -> str:
    from reluctant.figures import inline_svg
    from reluctant.figures.style import PAPER

    parts = [f"<p><b>{escape(visible(text))}</b></p>" for text in _sentences(results)]
    table = results.compare()
    if not table.empty:
        parts.append(table.to_html(float_format="{:.4f}".format, na_rep="", border=0))
    if len(results.settings) == 1 and len(results):
        drawn = inline_svg(results.plot("curves"), paths=True, margin=0)
        parts.append(f'<div style="background:{PAPER};max-width:60em;padding:.5em">{drawn}</div>')
    where = f" · {results.folder}" if results.folder else ""
    parts.append(f"<p><small>{len(results)} runs{escape(visible(where))}</small></p>")
    return "\n".join(parts)
