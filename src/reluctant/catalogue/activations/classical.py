"""The functions PyTorch has as modules."""

from functools import partial
from math import inf

from reluctant.catalogue.activations.row import LINE, RAY, require_order, row
from reluctant.catalogue.entry import Parameter

torch = partial(row, module="torch.nn")
_LAMBDA = Parameter("lambd", 0.5, "half the width of the dead zone", low=0.0)

# fmt: off
ROWS = (
    torch(
        1, "identity", "Identity", "-", r"x",
        "No activation: shows what the nonlinearity contributes.",
        family="classical", range=LINE, limits=LINE, traits="monotone smooth", aliases="linear none",
    ),
    torch(
        2, "relu", "ReLU", "Fukushima 1969; Nair & Hinton 2010", r"\max(0, x)",
        "The default of most networks: cheap and sparse. A unit whose input stays negative stops learning.",
        family="rectifier", range=RAY, limits=RAY, kinks=(0.0,), traits="monotone", aliases="rectifier",
    ),
    torch(
        3, "relu6", "ReLU6", "Krizhevsky 2010", r"\min(\max(0, x), 6)",
        "ReLU with a ceiling, so that values fit low-precision arithmetic on phones.",
        family="rectifier", range=(0.0, 6.0), limits=(0.0, 6.0), kinks=(0.0, 6.0), traits="monotone bounded",
    ),
    torch(
        4, "leaky_relu", "LeakyReLU", "Maas, Hannun & Ng 2013",
        r"x \text{ if } x \geq 0 \text{ else } a x",
        "ReLU with a small slope below zero, so that no unit dies.",
        Parameter("negative_slope", 0.01, "slope a below zero"),
        family="rectifier", range=LINE, limits=LINE, kinks=(0.0,), traits="monotone", aliases="lrelu",
        note="Keras takes a slope of 0.2 or 0.3 by default, the article 0.002.",
    ),
    torch(
        5, "prelu", "PReLU", "He et al. 2015 (1502.01852)",
        r"x \text{ if } x \geq 0 \text{ else } a x,\ a \text{ learned}",
        "Leaky ReLU that learns its slope, one per layer.",
        Parameter("init", 0.25, "slope a at the start", learned=True),
        family="rectifier", range=LINE, limits=LINE, kinks=(0.0,), traits="learned",
        note="The paper also has one slope per channel.",
    ),
    row(
        6, "rrelu", "RReLU", "Xu et al. 2015 (1505.00853)",
        r"x \text{ if } x \geq 0 \text{ else } a x,\ a \sim U(l, u)",
        "Leaky ReLU with a random slope in training, its mean in evaluation: noise as a regulariser.",
        Parameter("lower", 1 / 8, "lowest slope l"),
        Parameter("upper", 1 / 3, "highest slope u"),
        module="reluctant.activations.stochastic", code="RReLU",
        family="rectifier", range=LINE, limits=LINE, kinks=(0.0,), traits="stochastic monotone",
        fault=require_order("lower", "upper"),
    ),
    torch(
        7, "elu", "ELU", "Clevert et al. 2015 (1511.07289)",
        r"x \text{ if } x > 0 \text{ else } a(e^x - 1)",
        "Saturates softly below zero, which brings the mean of the outputs nearer to zero.",
        Parameter("alpha", 1.0, "a: the value at −∞ is −a", low=0.0),
        family="exponential", range=(-1.0, inf), limits=(-1.0, inf), traits="monotone smooth",
    ),
    torch(
        8, "celu", "CELU", "Barron 2017 (1704.07483)", r"\max(0, x) + \min(0, a(e^{x/a} - 1))",
        "ELU whose slope is continuous for every a.",
        Parameter("alpha", 1.0, "a: scale of the negative part", above=0.0),
        family="exponential", range=(-1.0, inf), limits=(-1.0, inf), traits="monotone smooth",
    ),
    torch(
        9, "selu", "SELU", "Klambauer et al. 2017 (1706.02515)", r"s(\max(0, x) + \min(0, a(e^x - 1)))",
        "ELU scaled so that deep networks without normalisation keep mean 0 and variance 1.",
        family="exponential", range=(-1.7580993408473766, inf), limits=(-1.7580993408473766, inf),
        kinks=(0.0,), traits="monotone", note="s = 1.0507009873554805, a = 1.6732632423543772.",
    ),
    torch(
        10, "gelu", "GELU", "Hendrycks & Gimpel 2016 (1606.08415)", r"x\,\Phi(x)",
        "The input times the normal distribution function: the choice of most transformers.",
        Parameter("approximate", "none", "none: exact; tanh: approximation", choices=("none", "tanh")),
        family="self-gated", range=(-0.16997120747990367, inf), limits=RAY, traits="smooth",
        note="JAX takes the tanh form by default, PyTorch the exact one; the tanh form has number 11 in "
        "the list from which the catalogue started.",
    ),
    torch(
        12, "silu", "SiLU", "Hendrycks & Gimpel 2016; Elfwing et al. 2017 (1702.03118)", r"x\,\sigma(x)",
        "Smooth and self-gated like GELU, and cheaper; also known as Swish-1.",
        family="self-gated", range=(-0.27846454276107379, inf), limits=RAY, traits="smooth",
        aliases="swish swish_1",
        note="Swish with a learned β is 'swish_beta'.",
    ),
    torch(
        13, "mish", "Mish", "Misra 2019 (1908.08681)", r"x \tanh(\ln(1 + e^x))",
        "A smooth relative of SiLU, popular in object detection.",
        family="self-gated", range=(-0.30884341301725040, inf), limits=RAY, traits="smooth",
    ),
    torch(
        14, "hardswish", "Hardswish", "Howard et al. 2019 (1905.02244)", r"x\,\mathrm{relu6}(x + 3)/6",
        "SiLU from straight pieces and a parabola, for phones.",
        family="self-gated", range=(-0.375, inf), limits=RAY, kinks=(-3.0, 3.0), aliases="hswish",
    ),
    torch(
        15, "hardsigmoid", "Hardsigmoid", "PyTorch; Howard et al. 2019 (1905.02244)",
        r"\mathrm{relu6}(x + 3)/6",
        "Sigmoid from straight pieces; PyTorch's form, others differ.",
        family="bounded", range=(0.0, 1.0), limits=(0.0, 1.0), kinks=(-3.0, 3.0), traits="monotone bounded",
        aliases="hsigmoid",
        note="Three functions have this name: this one, clip((x + 1)/2, 0, 1) (hard_sigmoid_binary) and "
        "clip(0.2x + 0.5, 0, 1) of older Keras.",
    ),
    torch(
        16, "hardtanh", "Hardtanh", "Collobert 2004", r"\min(\max(x, l), u)",
        "Tanh from straight pieces: the identity, clipped.",
        Parameter("min_val", -1.0, "lowest value l"),
        Parameter("max_val", 1.0, "highest value u"),
        family="bounded", range=(-1.0, 1.0), limits=(-1.0, 1.0), kinks=(-1.0, 1.0), traits="monotone bounded",
        aliases="htanh", fault=require_order("min_val", "max_val", strict=True),
    ),
    torch(
        17, "hardshrink", "Hardshrink", "Donoho & Johnstone 1994",
        r"x \text{ if } |x| > \lambda \text{ else } 0",
        "Sets small values to zero and leaves the others: hard thresholding.",
        _LAMBDA,
        family="classical", range=LINE, limits=LINE, kinks=(-0.5, 0.5), traits="monotone discontinuous",
    ),
    torch(
        18, "softshrink", "Softshrink", "Donoho 1995", r"\mathrm{sign}(x) \max(|x| - \lambda, 0)",
        "Moves every value towards zero by λ: soft thresholding, the step of sparse coding.",
        _LAMBDA,
        family="classical", range=LINE, limits=LINE, kinks=(-0.5, 0.5), traits="monotone",
    ),
    torch(
        19, "tanhshrink", "Tanhshrink", "PyTorch", r"x - \tanh x",
        "Flat at zero, a straight line far out: passes large values only.",
        family="classical", range=LINE, limits=LINE, traits="monotone smooth",
    ),
    torch(
        20, "softplus", "Softplus", "Dugas et al. 2001", r"\frac{1}{b}\ln(1 + e^{bx})",
        "A smooth ReLU that is positive everywhere: for outputs such as variances.",
        Parameter("beta", 1.0, "sharpness b", above=0.0),
        Parameter("threshold", 20.0, "above b·x of this, PyTorch returns x"),
        family="classical", range=RAY, limits=RAY, traits="monotone smooth",
        note="At the threshold PyTorch's value jumps by 2e-9.",
    ),
    torch(
        21, "softsign", "Softsign", "Bergstra et al. 2009; Turian et al. 2009", r"x/(1 + |x|)",
        "Like tanh, but it approaches its limits slowly and so saturates late.",
        family="bounded", range=(-1.0, 1.0), limits=(-1.0, 1.0), traits="monotone bounded smooth",
    ),
    torch(
        22, "sigmoid", "Sigmoid", "classical (logistic)", r"1/(1 + e^{-x})",
        "The classical squashing function: gates and probabilities; gradients vanish in deep stacks.",
        family="bounded", range=(0.0, 1.0), limits=(0.0, 1.0), traits="monotone bounded smooth",
        aliases="logistic",
    ),
    torch(
        23, "logsigmoid", "LogSigmoid", "classical", r"\ln \sigma(x)",
        "The logarithm of a probability: mostly used inside losses.",
        family="classical", range=(-inf, 0.0), limits=(-inf, 0.0), traits="monotone smooth",
    ),
    torch(
        24, "tanh", "Tanh", "classical", r"\tanh x",
        "The classical zero-centred squashing function, used in recurrent networks.",
        family="bounded", range=(-1.0, 1.0), limits=(-1.0, 1.0), traits="monotone bounded smooth",
    ),
    torch(
        25, "threshold", "Threshold", "Konda et al. 2014 (1402.3337)",
        r"x \text{ if } x > t \text{ else } v",
        "ReLU that starts only above t: a harder gate, used in autoencoders without biases.",
        Parameter("threshold", 1.0, "t: where it starts"),
        Parameter("value", 0.0, "v: the value below"),
        family="rectifier", range=RAY, limits=RAY, kinks=(1.0,), traits="monotone discontinuous",
        aliases="thresholded_relu",
    ),
)
