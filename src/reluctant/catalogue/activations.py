"""The activation functions: name, formula, parameters, source, what each is for, where its code lives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reluctant.catalogue.entry import Entry, Parameter, Table


@dataclass(frozen=True)
class Activation(Entry):
    """An activation: `formula` in LaTeX; `traits` among learned, stochastic, bounded, monotone, smooth."""

    formula: str = ""
    traits: frozenset[str] = frozenset()


def _row(
    name: str,
    title: str,
    formula: str,
    purpose: str,
    *parameters: Parameter,
    source: str,
    code: str = "",
    aliases: str = "",
    traits: str = "",
    order: tuple[str, str] | None = None,
) -> Activation:
    return Activation(
        name,
        title,
        purpose,
        code=code or f"torch.nn:{title}",
        aliases=tuple(aliases.split()),
        parameters=parameters,
        source=source,
        formula=formula,
        traits=frozenset(traits.split()),
        fault=_ordered(*order) if order else None,
    )


def _ordered(lower: str, upper: str) -> Callable[[Mapping[str, Any]], str]:
    def fault(given: Mapping[str, Any]) -> str:
        return "" if given[lower] <= given[upper] else f"{lower} must not be above {upper}"

    return fault


_LAMBDA = Parameter("lambd", 0.5, "half the width of the dead zone", low=0.0)

ACTIVATIONS: Table[Activation] = Table(
    "activation",
    (
        _row(
            "identity",
            "Identity",
            r"x",
            "No activation at all: shows what the nonlinearity itself brings.",
            source="-",
            aliases="linear none",
            traits="monotone smooth",
        ),
        _row(
            "relu",
            "ReLU",
            r"\max(0, x)",
            "The default of most networks: cheap, sparse, but a unit whose input stays negative learns "
            "no more.",
            source="Fukushima 1969; Nair & Hinton 2010",
            aliases="rectifier",
            traits="monotone",
        ),
        _row(
            "relu6",
            "ReLU6",
            r"\min(\max(0, x), 6)",
            "ReLU with a ceiling, so that values fit low-precision arithmetic on phones.",
            source="Krizhevsky 2010",
            traits="monotone bounded",
        ),
        _row(
            "leaky_relu",
            "LeakyReLU",
            r"x \text{ if } x \ge 0 \text{ else } a x",
            "ReLU with a small slope below zero, so that no unit dies.",
            Parameter("negative_slope", 0.01, "slope a below zero"),
            source="Maas, Hannun & Ng 2013",
            aliases="lrelu",
            traits="monotone",
        ),
        _row(
            "prelu",
            "PReLU",
            r"x \text{ if } x \ge 0 \text{ else } a x,\ a \text{ learned}",
            "Leaky ReLU that learns its slope, one per layer.",
            Parameter("init", 0.25, "slope a at the start"),
            source="He et al. 2015 (1502.01852)",
            traits="learned",
        ),
        _row(
            "rrelu",
            "RReLU",
            r"x \text{ if } x \ge 0 \text{ else } a x,\ a \sim U(l, u)",
            "Leaky ReLU with a random slope in training, its mean in evaluation: noise as a regulariser.",
            Parameter("lower", 1 / 8, "lowest slope l"),
            Parameter("upper", 1 / 3, "highest slope u"),
            source="Xu et al. 2015 (1505.00853)",
            code="reluctant.activations.stochastic:RReLU",
            traits="stochastic monotone",
            order=("lower", "upper"),
        ),
        _row(
            "elu",
            "ELU",
            r"x \text{ if } x > 0 \text{ else } a(e^x - 1)",
            "Saturates softly below zero, which brings the mean of the outputs nearer to zero.",
            Parameter("alpha", 1.0, "a: the value at −∞ is −a", low=0.0),
            source="Clevert et al. 2015 (1511.07289)",
            traits="monotone smooth",
        ),
        _row(
            "celu",
            "CELU",
            r"\max(0, x) + \min(0, a(e^{x/a} - 1))",
            "ELU whose slope is continuous for every a.",
            Parameter("alpha", 1.0, "a: scale of the negative part", above=0.0),
            source="Barron 2017 (1704.07483)",
            traits="monotone smooth",
        ),
        _row(
            "selu",
            "SELU",
            r"s(\max(0, x) + \min(0, a(e^x - 1)))",
            "ELU scaled so that deep networks without normalisation keep mean 0 and variance 1.",
            source="Klambauer et al. 2017 (1706.02515)",
            traits="monotone",
        ),
        _row(
            "gelu",
            "GELU",
            r"x\,\Phi(x)",
            "Weighs its input by the normal distribution: the choice of most transformers.",
            Parameter("approximate", "none", "none: exact; tanh: approximation", choices=("none", "tanh")),
            source="Hendrycks & Gimpel 2016 (1606.08415)",
            traits="smooth",
        ),
        _row(
            "silu",
            "SiLU",
            r"x\,\sigma(x)",
            "Smooth and self-gated like GELU, and cheaper; also known as Swish-1.",
            source="Hendrycks & Gimpel 2016; Elfwing et al. 2017 (1702.03118)",
            aliases="swish swish_1",
            traits="smooth",
        ),
        _row(
            "mish",
            "Mish",
            r"x \tanh(\ln(1 + e^x))",
            "A smooth relative of SiLU, popular in object detection.",
            source="Misra 2019 (1908.08681)",
            traits="smooth",
        ),
        _row(
            "hardswish",
            "Hardswish",
            r"x\,\mathrm{relu6}(x + 3)/6",
            "SiLU from straight pieces and a parabola, for phones.",
            source="Howard et al. 2019 (1905.02244)",
            aliases="hswish",
        ),
        _row(
            "hardsigmoid",
            "Hardsigmoid",
            r"\mathrm{relu6}(x + 3)/6",
            "Sigmoid from straight pieces; PyTorch's form, others differ.",
            source="PyTorch; Howard et al. 2019 (1905.02244)",
            aliases="hsigmoid",
            traits="monotone bounded",
        ),
        _row(
            "hardtanh",
            "Hardtanh",
            r"\min(\max(x, l), u)",
            "Tanh from straight pieces: the identity, cut off.",
            Parameter("min_val", -1.0, "lowest value l"),
            Parameter("max_val", 1.0, "highest value u"),
            source="Collobert 2004",
            aliases="htanh",
            order=("min_val", "max_val"),
            traits="monotone bounded",
        ),
        _row(
            "hardshrink",
            "Hardshrink",
            r"x \text{ if } |x| > \lambda \text{ else } 0",
            "Sets small values to zero and leaves the others: hard thresholding.",
            _LAMBDA,
            source="Donoho & Johnstone 1994",
            traits="monotone",
        ),
        _row(
            "softshrink",
            "Softshrink",
            r"\mathrm{sign}(x) \max(|x| - \lambda, 0)",
            "Draws every value towards zero by λ: soft thresholding, the step of sparse coding.",
            _LAMBDA,
            source="Donoho 1995",
            traits="monotone",
        ),
        _row(
            "tanhshrink",
            "Tanhshrink",
            r"x - \tanh x",
            "Flat at zero, a straight line far out: passes large values only.",
            source="PyTorch",
            traits="monotone smooth",
        ),
        _row(
            "softplus",
            "Softplus",
            r"\tfrac{1}{b}\ln(1 + e^{bx})",
            "A smooth ReLU that is positive everywhere: for outputs such as variances.",
            Parameter("beta", 1.0, "sharpness b", above=0.0),
            Parameter("threshold", 20.0, "above b·x of this, PyTorch returns x"),
            source="Dugas et al. 2001",
            traits="monotone smooth",
        ),
        _row(
            "softsign",
            "Softsign",
            r"x/(1 + |x|)",
            "Like tanh, but it approaches its limits slowly and so saturates late.",
            source="Bergstra et al. 2009; Turian et al. 2009",
            traits="monotone bounded smooth",
        ),
        _row(
            "sigmoid",
            "Sigmoid",
            r"1/(1 + e^{-x})",
            "The classical squashing function: gates and probabilities; gradients vanish in deep stacks.",
            source="classical (logistic)",
            aliases="logistic",
            traits="monotone bounded smooth",
        ),
        _row(
            "logsigmoid",
            "LogSigmoid",
            r"\ln \sigma(x)",
            "The logarithm of a probability: mostly inside losses.",
            source="classical",
            traits="monotone smooth",
        ),
        _row(
            "tanh",
            "Tanh",
            r"\tanh x",
            "The classical zero-centred squashing function, at home in recurrent networks.",
            source="classical",
            traits="monotone bounded smooth",
        ),
        _row(
            "threshold",
            "Threshold",
            r"x \text{ if } x > t \text{ else } v",
            "ReLU that starts only above t: a harder gate, used in autoencoders without biases.",
            Parameter("threshold", 1.0, "t: where it starts"),
            Parameter("value", 0.0, "v: the value below"),
            source="Konda et al. 2014 (1402.3337)",
            aliases="thresholded_relu",
            traits="monotone",
        ),
    ),
    refused={
        "glu": "it halves the width and is not element-wise",
        "softmax": "it couples all units of a layer and is not element-wise; the network's own output "
        "already has one",
        "softmax2d": "it couples the channels of a layer and is not element-wise",
        "log_softmax": "it couples all units of a layer and is not element-wise",
        "softmin": "it couples all units of a layer and is not element-wise",
        "adaptive_log_softmax_with_loss": "it is an output layer with its loss, not an activation",
        "multihead_attention": "it is a layer of its own, not an activation",
    },
)
