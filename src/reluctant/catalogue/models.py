"""The networks a study can train."""

import re

from reluctant.catalogue.entry import Entry, Parameter, Table
from reluctant.core.display import quoted
from reluctant.core.errors import StudyError

WIDTHS = "200-100-60-30"  # of the perceptron in Alcaide's study
OF_IMAGES = ("convnet", "cnn", "resnet")  # what wants channels, height and width
DEEPEST, WIDEST = 20, 99_999
MOST_LAYERS = 1202  # layers of the deepest residual network that its authors trained
_WIDTHS = re.compile(rf"[1-9]\d{{0,4}}(-[1-9]\d{{0,4}}){{0,{DEEPEST - 1}}}", re.ASCII)


def _dropout(default: float, meaning: str, name: str = "dropout") -> Parameter:
    return Parameter(name, default, f"share of activations dropped {meaning}", 0.0, below=1.0)


def widths_of(text: str) -> tuple[int, ...]:
    """The widths of hidden layers: (200, 100) for `200-100`; `StudyError` for a text of another form."""
    fault = _wrong(text)
    if fault:
        raise StudyError(fault)
    return tuple(map(int, text.split("-")))


def _wrong(text: str) -> str:
    """What is wrong with a text of widths; empty where nothing is."""
    if _WIDTHS.fullmatch(text):
        return ""
    return (
        f"widths are whole numbers from 1 to {WIDEST} with a hyphen between, at most {DEEPEST} of them, "
        f"such as {WIDTHS!r}, not {quoted(text)}"
    )


def depth_fault(depth: int) -> str:
    """What is wrong with the depth of a residual network; empty where nothing is."""
    below = depth - (depth - 2) % 6
    return "" if below == depth else f"depth is 6n + 2, so {below} or {below + 6}, not {depth}"


MODELS: Table[Entry] = Table(
    "model",
    (
        Entry(
            "convnet",
            "The article's network",
            "three blocks of convolution, batch norm, max-pooling, activation and dropout, then two "
            "linear layers",
            code="reluctant.models.convnet:ConvNet",
            parameters=(_dropout(0.15, "after each block"),),
            source="Nicolas 2024, the article this project starts from",
        ),
        Entry(
            "mlp",
            "Multilayer perceptron",
            "hidden layers of a linear map, activation and dropout, then one linear layer",
            code="reluctant.models.mlp:MLP",
            parameters=(
                Parameter("widths", WIDTHS, "of the hidden layers, from the image on"),
                _dropout(0.0, "after each hidden layer"),
                Parameter("norm", False, "batch norm before every activation"),
            ),
            source="Rosenblatt 1958; Rumelhart et al. 1986; the widths: Alcaide 2018 (1801.07145)",
            fault=lambda given: _wrong(given["widths"]),
        ),
        Entry(
            "cnn",
            "Small convolutional network",
            "two convolutions (32 and 64 channels) with activations, max-pooling, dropout, then two linear "
            "layers with activation and dropout between",
            code="reluctant.models.cnn:CNN",
            parameters=(
                _dropout(0.25, "after the pooling"),
                _dropout(0.5, "after the hidden linear layer", "dense_dropout"),
            ),
            source="the MNIST example of Keras; Golwala 2025 (2507.10560)",
        ),
        Entry(
            "resnet",
            "Small residual network",
            "a convolution, three stages of residual blocks with batch norm, the mean over the map, then one "
            "linear layer",
            code="reluctant.models.resnet:ResNet",
            parameters=(
                Parameter("depth", 8, "layers with weights, 6n + 2: n blocks a stage", 8, MOST_LAYERS),
                Parameter("width", 16, "channels of the first stage; each next has twice as many", 1, 4096),
            ),
            source="He et al. 2016 (1512.03385), section 4.2, shortcuts of kind A",
            fault=lambda given: depth_fault(given["depth"]),
        ),
    ),
)
