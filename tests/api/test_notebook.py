"""The three lines in a real notebook: a network defined there, local workers, and what the reader sees."""

from pathlib import Path
from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")

DEFINITIONS = """
import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(0)
x = rng.normal(size=(240, 6)).astype("float32")
y = (np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] > 0).astype(int)


class MyNet(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.first, self.second = nn.Linear(features, 24), nn.Linear(24, classes)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


def squash(x):
    return x / (1 + x.abs())
"""
COMPARISON = """
import reluctant
results = reluctant.compare(["relu", "gelu", squash], model=MyNet, data=(x, y), seeds=2, epochs=2, workers=1)
results
"""
TABLES = """
print(results.verdicts(baseline="squash").verdict.to_dict())
print(sorted(results.scores("accuracy").index), results.curves().shape, results.frame().shape)
results.plot("scores")
"""
OTHER_NETWORK = """
class MyNet(MyNet):
    def forward(self, x):
        return self.second(torch.relu(self.first(x)).square())

again = reluctant.compare(["relu", "gelu", squash], model=MyNet, data=(x, y), seeds=2, epochs=2, engine="serial")
print(again.folder != results.folder, len(list(results.folder.parent.iterdir())))
"""
ERRORS = """
def caught(call):
    try:
        call()
    except reluctant.ReluctantError as fault:
        print(fault)

caught(lambda: reluctant.compare(["relu", lambda x: x], model=MyNet, data=(x, y)))
caught(results.study.to_toml)
"""


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The outputs of a notebook's cells."""
    code_cells = [
        nbformat.v4.new_code_cell(text.strip()) for text in (DEFINITIONS, COMPARISON, TABLES, OTHER_NETWORK, ERRORS)
    ]
    book = nbformat.v4.new_notebook(cells=code_cells)
    folder = tmp_path_factory.mktemp("notebook")
    nbclient.NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return [cell.outputs for cell in book.cells]


def printed(outputs: list[Any]) -> str:
    return "".join(each.get("text", "") for each in outputs)


def data_of(outputs: list[Any]) -> dict[str, str]:
    return dict(next(each["data"] for each in outputs if each["output_type"] == "execute_result"))


def test_the_results_show_the_sentence_the_table_and_the_curves(cells: list[Any]) -> None:
    result = data_of(cells[1])
    html, text = result["text/html"], result["text/plain"]
    assert "<b>No verdict for GELU and squash: " in html
    assert "<th>squash</th>" in html
    assert html.count("<svg") == 1
    assert "baseline" in text
    assert "here:" not in html + text


def test_the_data_are_described_before_training(cells: list[Any]) -> None:
    assert "192 rows to train and validate on, 48 test rows of 6 columns" in printed(cells[1])
    progress = [each for each in cells[1] if each["output_type"] == "display_data"]
    assert [each["data"]["text/plain"] for each in progress] == [""]  # one line, empty in the end


def test_tables_are_frames_and_plots_are_figures(cells: list[Any]) -> None:
    assert "'squash': 'baseline'" in printed(cells[2])
    assert "['gelu', 'relu', 'squash'] (2, 6) (36, " in printed(cells[2])
    assert "image/png" in data_of(cells[2])


def test_another_network_of_the_same_name_has_a_folder_of_its_own(cells: list[Any]) -> None:
    assert "True 2" in printed(cells[3])


def test_objects_without_a_name_are_refused(cells: list[Any]) -> None:
    errors = printed(cells[4])
    assert "a lambda has no name to stand in tables" in errors
    assert "no file can name; put the code into a module" in errors


def test_the_guide_has_the_same_network() -> None:
    page = Path(__file__).parent.parent.parent / "docs" / "notebook.md"
    network = DEFINITIONS.strip().partition("\n\n\ndef squash")[0]
    assert network in page.read_text("utf-8")
