"""The results of a study: tables as pandas frames, figures as matplotlib ones, verdicts, a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from reluctant.analysis import Comparison, ReportData, SettingData
from reluctant.analysis.labels import without_session
from reluctant.analysis.question import arm_of
from reluctant.analysis.sentence import verdict_sentences
from reluctant.core.display import did_you_mean, visible
from reluctant.core.errors import StudyError
from reluctant.core.user_objects import SESSION_MODULE
from reluctant.records.run_result import RunResult
from reluctant.records.study_records import StudyRecords
from reluctant.study import Run, Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

OF_ONE_ARM = ("training", "confusion", "predicted")  # classes have the second, numbers the third
PLOTS = ("scores", "curves", "differences", "cost", "shapes", *OF_ONE_ARM)


@dataclass(eq=False)
class Results:
    """All finished runs of a study, and what they say.

    In a notebook it shows the sentence, the table and the curves. Tables and plots are of one setting: where a
    study varies more than activation and seed, `setting={"lr": 0.01}` chooses.
    """

    data: ReportData

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """The results in a study's folder, finished or not.

        Raises:
            StudyError: There is no study in the folder.
        """
        return cls(ReportData.of(StudyRecords.read(folder)))

    @property
    def records(self) -> StudyRecords:
        """The records behind the scores.

        Raises:
            StudyError: The scores come from a table.
        """
        if self.data.records is None:
            raise StudyError("these scores come from a table; there are no records of runs")
        return self.data.records

    @property
    def study(self) -> Study:
        """The study."""
        return self.records.study

    @property
    def folder(self) -> Path | None:
        """Where the records are; None for scores from a table."""
        return None if self.data.records is None else self.data.records.folder

    @property
    def failures(self) -> Mapping[Run, str]:
        """The traceback of every run that failed."""
        return {} if self.data.records is None else self.data.records.failures

    @property
    def missing(self) -> int:
        """How many runs of the study have not finished."""
        return self.data.missing

    @property
    def settings(self) -> tuple[Mapping[str, Any], ...]:
        """The combinations of everything that varies beside activation and seed."""
        return self.data.scores.settings

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every activation against the baseline, and all pairs, one comparison per setting."""
        return self.data.comparisons

    def __iter__(self) -> Iterator[RunResult]:
        return iter(self.records)

    def __len__(self) -> int:
        return self.data.finished

    def verdicts(
        self,
        *,
        baseline: str | None = None,
        metric: str | None = None,
        margin: float | None = None,
        at: str | None = None,
    ) -> "pd.DataFrame":
        """Each activation against the baseline: score, difference, its interval, p, verdict.

        Args:
            baseline: The activation that the others are compared with.
            metric: The metric that decides.
            margin: Differences below this do not matter.
            at: After the `last` epoch, the `best` one on validation, or the `mean` over epochs.

        Returns:
            One row per activation; further columns name the setting where the study has several. What is not
            given is the study's.
        """
        import pandas as pd

        data = self._with_options(baseline=baseline, metric=metric, margin=margin, at=at)
        rows = [row for comparison in data.comparisons for row in _verdict_rows(comparison)]
        return pd.DataFrame(rows).set_index("activation") if rows else pd.DataFrame()

    def _with_options(self, **options: Any) -> ReportData:
        """The analysis, of another question where one is given."""
        options = {key: value for key, value in options.items() if value is not None}
        return ReportData.of(self.records, **options) if options else self.data

    def setting(self, setting: Mapping[str, Any] | None = None) -> SettingData:
        """The analysis of one setting; of the only one unless given.

        Raises:
            StudyError: No such setting, or none given where there are several.
        """
        if setting is None:
            return self.data.one_setting
        chosen = [each for each in self.data.settings if setting.items() <= each.setting.items()]
        if len(chosen) != 1:
            known = "; ".join(str(dict(each)) for each in self.settings[:4])
            raise StudyError(f"{dict(setting)} is {len(chosen)} settings of this study; choose one, such as {known}")
        return chosen[0]

    def scores(
        self, metric: str = "", split: str = "test", at: str = "last", *, setting: Mapping[str, Any] | None = None
    ) -> "pd.DataFrame":
        """Final scores, activations × seeds, NaN where a run diverged or is missing."""
        import pandas as pd

        data = self.setting(setting)
        name = data.metric(metric).name
        rows = {without_session(arm): data.scores.values(name, arm, split, at) for arm in data.arms}
        table = pd.DataFrame.from_dict(rows, orient="index", columns=list(data.scores.seeds))
        return table.rename_axis(index="activation", columns="seed")

    def summary(
        self,
        metric: str = "",
        *,
        at: str = "last",
        target: float | None = None,
        setting: Mapping[str, Any] | None = None,
    ) -> "pd.DataFrame":
        """One row per activation: what its finished runs score on the test split.

        Columns: n, mean, low, high (95 %), median, std, worst, diverged (share of runs), gap (training split
        minus test, last epoch), epoch_seconds and, with a `target`, the median of the epochs until it is
        reached. A diverged run is in no mean and counts as the last in median, worst and epochs.
        """
        import pandas as pd

        from reluctant.api.tables import summary_row

        data = self.setting(setting)
        rows = {without_session(arm): summary_row(data, arm, metric, at, target) for arm in data.arms}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="activation")

    def frame(self, metrics: Sequence[str] = ()) -> "pd.DataFrame":
        """One row per activation, seed, setting, epoch and split: the metrics as columns."""
        from reluctant.catalogue.metrics import DEFAULT_COLUMNS
        from reluctant.scores.scores import scores_frame

        task = self.data.subject.task
        table = scores_frame(self.data.scores, task, metrics or DEFAULT_COLUMNS[task])
        return table.assign(activation=[without_session(name) for name in table["activation"]])

    def curves(
        self, metric: str = "", split: str = "test", *, setting: Mapping[str, Any] | None = None
    ) -> "pd.DataFrame":
        """A metric after every epoch: epochs × (activation, seed), NaN after a run diverged or stopped."""
        import pandas as pd

        data = self.setting(setting)
        name = data.metric(metric).name
        columns = {(without_session(run.arm), run.seed): pd.Series(run.curve(name, split)) for run in data.scores.runs}
        table = pd.DataFrame(columns)
        table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
        return table.rename_axis(columns=["activation", "seed"])

    def plot(
        self,
        kind: str = "scores",
        metric: str = "",
        *,
        activation: str | None = None,
        setting: Mapping[str, Any] | None = None,
        width: float | None = None,
    ) -> "Figure":
        """A figure of the report.

        Args:
            kind: `scores`, `curves`, `differences`, `cost` (score against training time), `shapes`; of one
                activation `training`, and `confusion`, or `predicted` where numbers are predicted.
            metric: The study's unless given.
            activation: For a plot of one activation.
            setting: Where the study has several.
            width: In inches.

        Raises:
            StudyError: No such plot, or an activation is missing.
        """
        from reluctant import figures

        data, options = self.setting(setting), {} if width is None else {"width": width}
        arm = "" if activation is None else arm_of(activation, data.arms)
        plots: dict[str, Any] = {
            "scores": lambda: figures.final_scores(data, metric, **options),
            "curves": lambda: figures.score_by_epoch(data, metric, **options),
            "cost": lambda: figures.score_against_time(data, metric, **options),
            "shapes": lambda: figures.activation_shapes(data, **options),
            "confusion": lambda: figures.confusion(data, arm, **options),
            "predicted": lambda: figures.predicted(data, arm, **options),
            "training": lambda: figures.training_curves(data, arm, **options),
            "differences": lambda: figures.differences(self._comparison(metric), **options),
        }
        if kind not in plots:
            hint = did_you_mean(kind, plots) or f"; there are {', '.join(PLOTS)}"
            raise StudyError(f"there is no plot {kind!r}{hint}")
        if kind == ("confusion" if data.subject.regression else "predicted"):
            raise StudyError(f"{data.subject.task} has no plot {kind!r}; there are {', '.join(PLOTS)}")
        if kind in OF_ONE_ARM and activation is None:
            first = without_session(data.arms[0])
            raise StudyError(f"{kind} is of one activation: plot({kind!r}, activation={first!r})")
        return _with_png(plots[kind]())

    def _comparison(self, metric: str) -> Comparison:
        data = self._with_options(metric=metric or None)
        data.scores.require_one_setting()
        if not data.comparisons:
            raise StudyError("a table of seeds compares nothing; there are no differences to plot")
        return data.comparisons[0]

    def report(self) -> str:
        """Write the whole report into the study's folder; the path of the page."""
        from reluctant.report import write_report

        if self.folder is None:
            raise StudyError("these results have no folder; reluctant.report.write_report takes one")
        return str(write_report(self.data, self.folder))

    def export(self, path: str | Path) -> str:
        """Write scores (`.csv`, `.parquet`) or verdicts (`.md`, `.tex`) to a file; its path."""
        from reluctant.report.export import export_results

        return str(export_results(self.data, path))

    def __repr__(self) -> str:
        """The sentences and the table, as plain text."""
        table = self.verdicts()
        text = [] if table.empty else ["", table.to_string(float_format="{:.4f}".format, na_rep="")]
        return visible("\n".join([*self._sentences(), *text]))

    def _repr_html_(self) -> str:
        """What a notebook shows: the sentences, the table, the curves."""
        from reluctant.figures import inline_svg
        from reluctant.figures.style import PAPER

        parts = [f"<p><b>{escape(visible(text))}</b></p>" for text in self._sentences()]
        table = self.verdicts()
        if not table.empty:
            parts.append(table.to_html(float_format="{:.4f}".format, na_rep="", border=0))
        if len(self.settings) == 1 and len(self):
            drawing = inline_svg(self.plot("curves"), paths=True, margin=0)
            parts.append(f'<div style="background:{PAPER};max-width:60em;padding:.5em">{drawing}</div>')
        folder = f" · {self.folder}" if self.folder else ""
        parts.append(f"<p><small>{len(self)} runs{escape(visible(folder))}</small></p>")
        return "\n".join(parts)

    def _sentences(self) -> list[str]:
        """The verdicts, what is missing, what failed."""
        sentences = [verdict_sentences(each).replace(f"{SESSION_MODULE}:", "") for each in self.comparisons]
        if self.missing:
            sentences.append(f"{len(self)} of {self.data.runs_planned} runs so far.")
        for run, cause in list(self.failures.items())[:3]:
            lines = [line.strip() for line in cause.splitlines() if line.strip()]
            name = f"{without_session(run.activation)}, seed {run.seed}"
            sentences.append(f"{name}, failed: {lines[-1] if lines else 'no traceback was saved'}")
        return sentences


def _with_png(figure: "Figure") -> "Figure":
    """The figure; a notebook shows it even where nothing has loaded matplotlib's own display."""
    from reluctant.figures.inline import png

    setattr(figure, "_repr_png_", lambda: png(figure))  # noqa: B010 (no attribute that Figure declares)
    return figure


def _verdict_rows(comparison: Comparison) -> list[dict[str, Any]]:
    name, rows = comparison.metric.name, []
    for each in comparison.rows:
        row: dict[str, Any] = {**comparison.setting, "activation": without_session(each.arm)}
        row |= {"n": each.score.n, name: each.score.mean, "±": each.score.half}
        if each.contrast is None:
            row["verdict"] = "baseline"
        else:
            low, high = each.contrast.interval or (np.nan, np.nan)
            row |= {
                "difference": each.contrast.difference.mean,
                "low": low,
                "high": high,
                "p (Holm)": each.contrast.difference.corrected,
                "verdict": str(each.contrast.verdict.value),
            }
        rows.append(row)
    return rows
