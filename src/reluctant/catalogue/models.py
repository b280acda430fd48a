"""The networks that a study can train."""

import re

from reluctant.catalogue.entry import Catalogue, Entry, Parameter
from reluctant.catalogue.norms import NORMS
from reluctant.core.display import quoted
from reluctant.core.errors import StudyError

WIDTHS = "200-100-60-30"  # the perceptron in Alcaide's study
IMAGE_MODELS = ("convnet", "cnn", "resnet")  # their input has channels, height and width
TOKEN_MODELS = ("gpt", "text_classifier")  # their input is token ids
MOST_HIDDEN_LAYERS, LARGEST_WIDTH = 20, 99_999
DEEPEST_RESNET = 1202  # layers of the deepest network that the authors of ResNet trained
_WIDTHS = re.compile(rf"[1-9]\d{{0,4}}(-[1-9]\d{{0,4}}){{0,{MOST_HIDDEN_LAYERS - 1}}}", re.ASCII)


def _dropout(default: float, meaning: str, name: str = "dropout") -> Parameter:
    return Parameter(name, default, f"share of activations dropped {meaning}", 0.0, below=1.0)


def parse_widths(text: str) -> tuple[int, ...]:
    """The widths of hidden layers: (200, 100) for `200-100`.

    Raises:
        StudyError: The text has another form.
    """
    fault = widths_fault(text)
    if fault:
        raise StudyError(fault)
    return tuple(map(int, text.split("-")))


def widths_fault(text: str) -> str:
    """What is wrong with a text of widths; empty if nothing is."""
    if _WIDTHS.fullmatch(text):
        return ""
    return (
        f"widths are whole numbers from 1 to {LARGEST_WIDTH} with a hyphen between, at most "
        f"{MOST_HIDDEN_LAYERS} of them, such as {WIDTHS!r}, not {quoted(text)}"
    )


def depth_fault(depth: int) -> str:
    """What is wrong with the depth of a residual network; empty if nothing is."""
    smaller = depth - (depth - 2) % 6
    return "" if smaller == depth else f"depth is 6n + 2, so {smaller} or {smaller + 6}, not {depth}"


def heads_fault(width: int, heads: int) -> str:
    """What is wrong with the heads of attention of this width; empty if nothing is."""
    if width % heads == 0:
        return ""
    smaller = width - width % heads
    fits = f"{smaller} or {smaller + heads}" if smaller else str(heads)
    return f"width must be divisible by heads, {heads}, so {fits}, not {width}"


def _transformer_parameters(layers: int, dropout: float) -> tuple[Parameter, ...]:
    return (
        Parameter("layers", layers, "transformer blocks", 1, 1000),
        Parameter("width", 128, "numbers per token, divisible by heads", 1, 65_536),
        Parameter("heads", 4, "heads of attention", 1, 1024),
        _dropout(dropout, "after the embedding, every attention and every feed-forward network"),
    )


MODELS: Catalogue[Entry] = Catalogue("model", (
    Entry("convnet", "The article's network",
        "three blocks of convolution, batch norm, max-pooling, activation and dropout, then two linear layers",
        code="reluctant.models.convnet:ConvNet", source="Nicolas 2024, the article this project starts from",
        parameters=(_dropout(0.15, "after each block"),)),
    Entry("mlp", "Multilayer perceptron",
        "hidden layers of a linear map, activation and dropout, then one linear layer",
        code="reluctant.models.mlp:MLP",
        source="Rosenblatt 1958; Rumelhart et al. 1986; the widths: Alcaide 2018 (1801.07145)",
        parameters=(Parameter("widths", WIDTHS, "widths of the hidden layers, starting at the input"),
                    _dropout(0.0, "after each hidden layer"),
                    Parameter("norm", False, "batch norm before every activation")),
        fault=lambda values: widths_fault(values["widths"])),
    Entry("cnn", "Small convolutional network",
        "two convolutions (32 and 64 channels) with activations, max-pooling, dropout, then two linear layers with "
        "activation and dropout between",
        code="reluctant.models.convnet:CNN", source="the MNIST example of Keras; Golwala 2025 (2507.10560)",
        parameters=(_dropout(0.25, "after the pooling"),
                    _dropout(0.5, "after the hidden linear layer", "dense_dropout"))),
    Entry("resnet", "Small residual network",
        "a convolution, three stages of residual blocks with batch norm, the mean over the map, then one linear layer",
        code="reluctant.models.resnet:ResNet", source="He et al. 2016 (1512.03385), section 4.2, shortcuts of kind A",
        parameters=(Parameter("depth", 8, "layers with weights, 6n + 2: n blocks per stage", 8, DEEPEST_RESNET),
                    Parameter("width", 16, "channels of the first stage; they double with each stage", 1, 4096)),
        fault=lambda values: depth_fault(values["depth"])),
    Entry("gpt", "Small GPT",
        "a transformer that predicts the next token: pre-norm blocks of causal attention and a feed-forward network "
        "with the activation, learned positions, one weight matrix for embedding and output",
        code="reluctant.models.gpt:GPT", source="Radford et al. 2019 (GPT-2)",
        parameters=(*_transformer_parameters(4, 0.0),
                    Parameter("inner", 4, "width inside the feed-forward networks, as a multiple of width", 1, 64),
                    Parameter("norm", "layer_norm", "the norm before every attention and feed-forward network, and "
                              "before the output", choices=tuple(row.name for row in NORMS))),
        fault=lambda values: heads_fault(values["width"], values["heads"])),
    Entry("text_classifier", "Transformer encoder for texts",
        "token and position embeddings, pre-norm blocks of attention over all tokens but padding and a feed-forward "
        "network with the activation, the mean over the tokens, then one linear layer",
        code="reluctant.models.text_classifier:TextClassifier", source="Vaswani et al. 2017 (1706.03762)",
        parameters=_transformer_parameters(2, 0.1),
        fault=lambda values: heads_fault(values["width"], values["heads"])),
))  # fmt: skip
