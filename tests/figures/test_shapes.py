"""The activations themselves: their shapes come from the records, and every formula can be set."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from reluctant import figures
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.setting_data import SettingData
from reluctant.catalogue import ACTIVATIONS
from reluctant.figures.inline import svg
from reluctant.figures.shapes import shape_of
from reluctant.records.parts import Json
from reluctant.study import Study
from tests.support.figures import texts
from tests.support.loops import faults
from tests.support.records import changed_records


def test_shapes_come_from_the_records(setting: Callable[[str], SettingData]) -> None:
    shape = shape_of(setting("four"), "elu")
    assert shape is not None
    x, f, slope = shape
    assert x[[0, -1]].tolist() == [-5, 5]
    assert f == pytest.approx(np.maximum(x, 0))
    assert slope[[0, -1]].tolist() == [0, 1]


@pytest.mark.parametrize("shape", [None, {"x": [-1, 1], "f": [None, 0.0, None], "slope": [1.0, None, 1e300]}])
def test_shapes_may_have_holes(tmp_path: Path, shape: dict[str, Any] | None) -> None:
    def change(content: Json) -> None:
        content["shape"] = shape

    records = changed_records(tmp_path, Study(activation="relu", epochs=1, seed=0), change)
    data = ReportData.of(records).one_setting
    for figure in (figures.activation_shapes(data), figures.activation_shape(data, "relu")):
        ElementTree.fromstring(svg(figure))
        assert ("not in the records" in texts(figure)) == (shape is None)


def test_every_formula_of_the_catalogue_can_be_set() -> None:
    def check(latex: str) -> None:
        figure = figures.formula(latex)
        assert figure is not None
        page = figures.inline_svg(figure, paths=True)
        assert "<path" in page
        assert ElementTree.fromstring(page).attrib["aria-label"] == latex

    assert faults(check, [row.formula for row in ACTIVATIONS]) == {}


@pytest.mark.parametrize("latex", [r"\nonsense{x}", r"\frac{", "x^{^"])
def test_a_formula_that_cannot_be_set_is_none(latex: str) -> None:
    assert figures.formula(latex) is None
