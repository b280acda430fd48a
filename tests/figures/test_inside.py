"""Figures of the inside of networks: complete for deep networks, holes and networks without sites."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from reluctant import figures
from reluctant.analysis import ReportData, SettingData
from reluctant.figures import style
from reluctant.figures.dead_units import SHARES
from reluctant.records.parts import Json
from reluctant.study import Study
from tests.support.figures import MANY, texts, texts_outside
from tests.support.records import changed_records, snapshots_of, study_records, without_probes

DRAW: dict[str, Callable[..., Figure]] = {
    "dead": figures.dead_units,
    "values": figures.distributions,
    "gradients": figures.gradient_by_depth,
}
EVIL = "</text><script>alert(1)</script>{{7*7}}$x^2$"


def changed(path: Path, study: Study, change: Callable[[Json], None], arm: str = "") -> SettingData:
    return ReportData.of(changed_records(path, study, change, arm)).one_setting


def deepen(content: Json) -> None:
    """Sixty sites and layers with long names."""
    for snapshot in snapshots_of(content):
        for part, base in (("sites", "activation"), ("layers", "blocks.0.conv")):
            each = snapshot[part][base]
            snapshot[part] = {f"stage{i // 10}.{i}.a_rather_long_name.{base}": each for i in range(60)}


def spoil(content: Json) -> None:
    """Values that were not finite, and a gradient that does not arrive."""
    for snapshot in snapshots_of(content):
        snapshot["sites"]["activation"] |= {"in": [None, None], "gradient": None}
        snapshot["layers"]["blocks.0.conv"] = [0.0, None, 0.1]


def blind(content: Json) -> None:
    for snapshot in snapshots_of(content):
        snapshot["sites"] = {}


def hostile(content: Json) -> None:
    for snapshot in snapshots_of(content):
        for part, name in (("sites", "activation"), ("layers", "blocks.0.conv")):
            snapshot[part][EVIL] = snapshot[part].pop(name)


def test_a_deep_network_is_drawn_whole(tmp_path: Path) -> None:
    data = changed(tmp_path, Study(activation=("relu", "prelu"), epochs=2, seed=0), deepen)
    for name, draw in DRAW.items():
        for width in (style.WIDE, style.NARROW):
            figure = draw(data, width=width)
            assert texts_outside(figure) == [], (name, width)
            assert figure.get_size_inches()[1] < 12, (name, width)


def test_values_that_are_not_finite_leave_holes(tmp_path: Path) -> None:
    data = changed(tmp_path, Study(activation=("relu", "prelu"), epochs=2, seed=(0, 1)), spoil)
    for draw in DRAW.values():
        figure = draw(data)
        assert texts_outside(figure) == []
        assert "nan" not in " ".join(texts(figure)).lower().replace("finance", "")


@pytest.mark.parametrize(("change", "arm"), [(without_probes, ""), (without_probes, "relu"), (blind, "")])
def test_without_probes_or_sites_there_is_a_sheet_too(tmp_path: Path, change: Callable[[Json], None], arm: str) -> None:
    study = Study(activation=("relu", "elu", "gelu"), epochs=2, seed=(0, 1))
    data = changed(tmp_path, study, change, arm)
    for draw in DRAW.values():
        assert texts_outside(draw(data)) == []


def test_names_of_sites_are_letters_and_nothing_else(tmp_path: Path) -> None:
    data = changed(tmp_path, Study(activation=("relu", "prelu"), epochs=2, seed=0), hostile)
    for draw in DRAW.values():
        page = figures.inline_svg(draw(data))
        ElementTree.fromstring(page)
        assert "<script" not in page
    assert any(EVIL[:12] in text for text in texts(figures.dead_units(data)))


def test_twelve_are_all_shown_and_of_more_only_those_that_lose_units(tmp_path: Path) -> None:
    twelve = Study(activation=("relu", *MANY[1:12]), epochs=2, seed=0)
    data = ReportData.of(study_records(tmp_path / "12", twelve)).one_setting
    for width in (style.WIDE, style.NARROW):
        figure = figures.dead_units(data, width=width)
        assert len(figure.axes) == 12
        assert texts_outside(figure) == []
    more = Study(activation=("relu", *MANY[1:20]), epochs=2, seed=0)
    data = ReportData.of(study_records(tmp_path / "20", more)).one_setting
    figure = figures.dead_units(data)
    assert len(figure.axes) == 1
    assert "not shown: 19 activations without any" in " ".join(texts(figure)).replace("\n", " ")
    assert "ReLU ends with the largest share of dead units" in str(figure.get_label())


def test_classes_hold_their_bounds() -> None:
    values = np.array([0, 0.0001, 0.01, 0.05, 0.2, 0.5, 1, np.nan])
    assert SHARES.of(values).tolist() == [0, 1, 2, 3, 4, 5, 5, -1]
    assert len(SHARES.legend()) == 6
