"""Curves over the epochs: the article's four per arm, and one metric of all arms."""

from typing import TYPE_CHECKING

from reluctant.analysis import SettingData
from reluctant.analysis.labels import metric_title
from reluctant.figures.curve_plot import band_limits, curve_multiples, curves_together, draw_band, draw_ghosts
from reluctant.figures.notes import band_note, diverged_note, metric_axis
from reluctant.figures.sheet import epoch_axis, name_axes, sheet, value_axis
from reluctant.figures.style import FEW, WIDE, marks, possible, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The article's four curves, and those of numbers: metric, split, what stands above the panel.
LOSSES = (("loss", "train", "Training loss"), ("loss", "test", "Evaluation loss"))
FOUR = (("accuracy", "test", "Accuracy"), ("precision", "test", "Precision (macro)"), *LOSSES)
FOUR_OF_NUMBERS = (("r2", "test", "R²"), ("mae", "test", "MAE"), *LOSSES)


def four_curves(data: SettingData) -> tuple[tuple[str, str, str], ...]:
    """The four curves of this task; of numbers, R² and MAE replace two scores."""
    return FOUR_OF_NUMBERS if data.subject.regression else FOUR


@styled
def training_curves(data: SettingData, arm: str, *, width: float = WIDE) -> "Figure":
    """The article's four curves of one arm over the epochs, mean over seeds; the others in grey behind.

    Accuracy and macro precision on the test split, training loss, evaluation (test) loss. Where numbers are
    predicted, R² and mean absolute error instead of the first two.
    """
    mark, others = marks(data.labels)[arm], [each for each in data.arms if each != arm]
    behind = f"grey: the other {data.subject.arms}" if others else ""
    if len(others) >= FEW:
        behind = f"grey: the middle half of all {data.subject.arms}"
    meaning = "precision averaged over classes"
    if data.subject.regression:
        meaning = "R²: share of the variance explained; MAE: mean absolute error"
    notes = [data.subject.data, band_note(data, [arm]), diverged_note(data, [arm]), meaning,
             f"evaluation: {data.subject.test_part}", behind]  # fmt: skip
    columns = 2 if width < 5 else 4
    title = f"{mark.label}: training and evaluation over the epochs"
    drawing = sheet(width, 4.3 if columns == 2 else 2.28, title, notes)
    wide = (width - 4 * 0.42) / 4 if columns == 4 else (width - 2 * 0.48) / 2
    ends = []
    for i, (name, split, above) in enumerate(four_curves(data)):
        row, column = divmod(i, columns)
        gap = 0.42 if columns == 4 else 0.48
        axes = drawing.panel(gap + column * (wide + gap), 0.38 + 2.15 * row, wide, 1.55 if columns == 4 else 1.4)
        band, ghosts = data.band(name, arm, split), [data.band(name, each, split) for each in others]
        draw_ghosts(axes, ghosts)
        draw_band(axes, band, mark)
        epoch_axis(axes, data.planned_epochs, most=3)
        unit = data.unit(name)
        value_axis(axes, *possible(*band_limits([band], ghosts), unit.axis), most=5)
        name_axes(axes, y=unit.axis, above=above)
        if band:
            title = above if above.isupper() else above.lower()
            ends.append(f"{title} {unit.value(float(band.mean[-1]))}")
    last = f"After the last epoch: {', '.join(ends)}."
    return drawing.finish(last if ends else "No curve: no run ended with finite numbers.")


@styled
def score_by_epoch(data: SettingData, metric: str = "", *, width: float = WIDE) -> "Figure":
    """One metric of all arms over the epochs, on the test split, mean over seeds.

    Up to twelve arms share a panel, with the last half of the epochs enlarged beside it; more become small
    multiples before the middle half of all.
    """
    chosen = data.metric(metric)
    bands, of = {arm: data.band(chosen.name, arm) for arm in data.arms}, marks(data.labels)
    draw = curve_multiples if len(bands) > FEW else curves_together
    drawing = draw(
        bands,
        of,
        title=f"{metric_title(chosen)} over the epochs",
        notes=[data.subject.data, data.subject.test_part, band_note(data), diverged_note(data)],
        axis=metric_axis(data, chosen),
        unit=data.unit(chosen.name).axis,
        epochs=data.planned_epochs,
        width=width,
    )
    value = data.unit(chosen.name).value
    ends = [f"{of[arm].label} {value(float(b.mean[-1]))}" for arm, b in bands.items() if b]
    return drawing.finish(f"After the last epoch: {', '.join(ends)}." if ends else "No curve yet.")
