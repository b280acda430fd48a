"""The results of a study: tables as pandas frames, figures as matplotlib ones, verdicts, a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from reluctant.analysis import Comparison, ReportData, SettingData
from reluctant.analysis.labels import setting_text, without_session
from reluctant.api.result_plots import draw_plot
from reluctant.api.tables import notebook_html, plain_text, summary_row, verdict_rows
from reluctant.catalogue.metrics import DEFAULT_COLUMNS
from reluctant.core.errors import StudyError
from reluctant.records.run_result import RunResult
from reluctant.records.study_records import StudyRecords
from reluctant.report import write_report
from reluctant.scores.scores import scores_frame
from reluctant.study import Run, Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Setting = Mapping[str, Any] | None  # what varies beside activation and seed, with its values


@dataclass(eq=False)
class Results:
    """All finished runs of a study, and what they say.

    In a notebook it shows the sentence, the table and the curves. Where a study varies more than activation and seed,
    tables are of one setting, which `setting={"lr": 0.01}` chooses, and plots have a panel for each.
    """

    data: ReportData

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """The results in a study's folder, finished or not. Raises `StudyError`: there is no study in the folder."""
        return cls(ReportData.of(StudyRecords.read(folder)))

    @property
    def records(self) -> StudyRecords:
        """The records behind the scores. Raises `StudyError`: the scores come from a table."""
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
        self, *, baseline: str | None = None, metric: str | None = None, margin: float | None = None,
        at: str | None = None,
    ) -> "pd.DataFrame":  # fmt: skip
        """Each activation against the baseline, one per row: score, difference, its interval, p, verdict.

        Further columns name the setting where the study has several. The options are those of `reluctant.judge`.
        """
        import pandas as pd

        data = self._with_options(baseline=baseline, metric=metric, margin=margin, at=at)
        rows = [row for comparison in data.comparisons for row in verdict_rows(comparison)]
        return pd.DataFrame(rows).set_index(data.subject.arm) if rows else pd.DataFrame()

    def _with_options(self, **options: Any) -> ReportData:
        """The analysis, of another question where one is given."""
        return self.data.with_question(**options)

    def setting(self, setting: Setting = None) -> SettingData:
        """The analysis of one setting; of the only one unless given.

        Raises:
            StudyError: No such setting, or none given where there are several.
        """
        if setting is None:
            return self.data.one_setting
        chosen = [each for each in self.data.settings if setting.items() <= each.setting.items()]
        if len(chosen) != 1:
            known = "; ".join(str(dict(each)) for each in self.settings[:4])
            fault = f"{len(chosen)} settings of this study have" if chosen else "the study has no setting with"
            choose = (
                f"give one, such as {known}"
                if any(self.settings)
                else "it has only one setting, so call setting() without arguments"
            )
            raise StudyError(f"{fault} {setting_text(setting)}; {choose}")
        return chosen[0]

    def scores(
        self, metric: str = "", split: str = "test", at: str = "last", *, setting: Setting = None
    ) -> "pd.DataFrame":
        """Final scores, activations × seeds, NaN where a run diverged or is missing."""
        data = self.setting(setting)
        name = data.metric(metric).name
        rows = {arm: data.scores.values(name, arm, split, at) for arm in data.arms}
        return _table_by_arm(data, rows, list(data.scores.seeds)).rename_axis(columns="seed")

    def summary(
        self, metric: str = "", *, at: str = "last", target: float | None = None, setting: Setting = None
    ) -> "pd.DataFrame":
        """One row per activation: what its finished runs score on the test split.

        Columns: n, mean, low, high (95 %), median, std, worst, diverged (share of runs), gap (training split
        minus test, last epoch), epoch_seconds and, with a `target`, the median of the epochs until it is
        reached. A diverged run is in no mean and counts as the last in median, worst and epochs.
        """
        data = self.setting(setting)
        return _table_by_arm(data, {arm: summary_row(data, arm, metric, at, target) for arm in data.arms})

    def frame(self, metrics: Sequence[str] = ()) -> "pd.DataFrame":
        """One row per activation, seed, setting, epoch and split: the metrics as columns."""
        task = self.data.subject.task
        arm = self.data.subject.arm
        table = scores_frame(self.data.scores, task, metrics or DEFAULT_COLUMNS.get(task, ()), arm=arm)
        return table.assign(**{arm: [without_session(name) for name in table[arm]]})

    def curves(self, metric: str = "", split: str = "test", *, setting: Setting = None) -> "pd.DataFrame":
        """A metric after every epoch: epochs × (activation, seed), NaN after a run diverged or stopped."""
        import pandas as pd

        data = self.setting(setting)
        name = data.metric(metric).name
        columns = {(without_session(run.arm), run.seed): pd.Series(run.curve(name, split)) for run in data.scores.runs}
        table = pd.DataFrame(columns)
        table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
        return table.rename_axis(columns=[data.subject.arm, "seed"])

    def plot(
        self, kind: str = "scores", metric: str = "", *, activation: str | None = None, setting: Setting = None,
        width: float | None = None,
    ) -> "Figure":  # fmt: skip
        """A figure of the report; where a study has several settings, with a panel for each.

        Args:
            kind: `scores`, `curves`, `differences`, `margins` (what other margins would say), `rate` (score against
                learning rate), `dead` (dead units by site and epoch), `cost` (score against training time), `shapes`;
                of one `activation`: `training`, and `confusion`, or `predicted` where numbers are predicted.
            metric: The study's unless given.
            activation: Which one, where the figure is about one of several.
            setting: Only the settings with these values, such as `{"lr": 0.01}`; all of them unless given.
            width: In inches.

        Raises:
            StudyError: No such plot, or an activation is missing.
        """
        return draw_plot(self.data, kind, metric, activation, setting, width)

    def report(self, folder: str | Path | None = None) -> str:
        """Write the whole report into the study's folder, or into `folder`; the path of the page.

        Raises:
            StudyError: The runs come from a table and no folder is named, or it is the folder of a study.
        """
        target = self.folder if folder is None else Path(folder)
        if target is None:
            raise StudyError("these results have no folder; name one, as in results.report('out/judged')")
        return str(write_report(self.data, target))

    def export(self, path: str | Path) -> str:
        """Write scores (`.csv`, `.parquet`) or verdicts (`.md`, `.tex`) to a file; its path."""
        from reluctant.report.export import export_results

        return str(export_results(self.data, path))

    def __repr__(self) -> str:
        """The sentences and the table, as plain text."""
        return plain_text(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the sentences, the table, the curves."""
        return notebook_html(self)


def _table_by_arm(data: SettingData, rows: Mapping[str, Any], columns: list[int | str] | None = None) -> "pd.DataFrame":
    import pandas as pd

    named = {without_session(arm): row for arm, row in rows.items()}
    return pd.DataFrame.from_dict(named, orient="index", columns=columns).rename_axis(index=data.subject.arm)
