"""Blocks, which act on a whole layer and keep its width, and functions that a study refuses, with reasons."""

from functools import partial

from reluctant.catalogue.activations.row import row
from reluctant.catalogue.entry import Parameter

block = partial(row, family="block", module="reluctant.activations.blocks", traits="learned")
_SHAZEER = "Shazeer 2020 (2002.05202)"
_MATCH = Parameter(
    "match", "parameters", "what a gated feed-forward layer has in common with the layer that it replaces: the "
    "parameters, the multiply-adds (flops) or the width (none); inside: a square block in place of the function",
    choices=("parameters", "flops", "none", "inside"),
)  # fmt: skip
_LAYER = "In a feed-forward layer, W and V replace its first map, and its width changes so that its size does not."
_SQUARE = "Elsewhere W and V are square maps, and the network becomes larger; compare with care."
_MAPS = f"{_LAYER} {_SQUARE}"
_AXIS = "All channels and positions of an image count together; of tokens, each is alone."

# fmt: off
ROWS = (
    block(26, "glu", "GLU", "Dauphin et al. 2016 (1612.08083)", r"(xW + b)\,\sigma(xV + c)",
        "One linear map gated by another: the block behind the gated family.",
        _MATCH, code="GLU", note=f"PyTorch's GLU halves the width and has no weights. {_MAPS}"),
    block(33, "crelu", "CReLU", "Shang et al. 2016 (1603.05201)", r"[\max(0, x), \max(0, -x)]\,W + b",
        "Passes the negative part of its input as well as the positive part.",
        code="CReLU", note="The paper doubles the width; here a learned map brings it back."),
    block(44, "abrelu", "ABReLU", "Dubey & Chakraborty 2018", r"\max(0, x - \mathrm{mean}(x))",
        "ReLU whose threshold is the sample's mean over the layer.",
        code="ABReLU", traits="", note=f"No gradient flows through the mean. {_AXIS}"),
    block(137, "maxout", "Maxout", "Goodfellow et al. 2013 (1302.4389)", r"\max(xW + b, xV + c)",
        "The larger of two linear maps: learns its own convex function.",
        _MATCH, code="Maxout", note=f"Two maps; the paper allows more. {_MAPS}"),
    block(139, "kwta", "kWTA", "Xiao et al. 2019 (1905.10510)",
        r"x \text{ if } x \geq \mathrm{kth\ largest} \text{ else } 0",
        "Only the largest values of a sample pass: a defence against adversarial attacks.",
        Parameter("ratio", 0.2, "share of units that pass", above=0.0, high=1.0),
        code="KWTA", traits="discontinuous",
        note=f"Rounded down, but at least one unit; ties pass. {_AXIS}"),
    block(140, "bilinear", "Bilinear", _SHAZEER, r"(xW + b)(xV + c)",
        "A product of two linear maps: a gate without a nonlinearity.", _MATCH, code="Bilinear", note=_MAPS),
    block(141, "reglu", "ReGLU", _SHAZEER, r"(xW + b)\max(0, xV + c)",
        "A linear map gated by ReLU of another.", _MATCH, code="ReGLU", note=_MAPS),
    block(142, "geglu", "GEGLU", _SHAZEER, r"(xW + b)\,\mathrm{GELU}(xV + c)",
        "A linear map gated by GELU of another.", _MATCH, code="GEGLU", note=_MAPS),
    block(143, "swiglu", "SwiGLU", _SHAZEER, r"(xW + b)\,\mathrm{SiLU}(xV + c)",
        "A linear map gated by SiLU of another: the choice of most large language models.",
        _MATCH, code="SwiGLU", note=_MAPS),
    block(144, "drelu", "dReLU", "Song et al. 2024 (2406.05955)", r"\max(0, xW + b)\max(0, xV + c)",
        "The product of two rectified maps: very sparse.", _MATCH, code="DReLU", note=_MAPS),
)
# fmt: on

REFUSED = {
    "softmax": "it couples all units of a layer and is not element-wise; the network's own output already has one",
    "softmax2d": "it couples the channels of a layer and is not element-wise",
    "log_softmax": "it couples all units of a layer and is not element-wise",
    "softmin": "it couples all units of a layer and is not element-wise",
    "adaptive_log_softmax_with_loss": "it is an output layer with its loss, not an activation",
    "multihead_attention": "it is a layer with weights, not an activation",
    "funnel_relu": "it is a convolution over the neighbourhood with batch norm, for images only, and is not "
    "element-wise",
    "meta_acon": "its sharpness comes from a small network over the pooled layer, so it is not element-wise; acon_c is",
    "opau": "it is pau in an orthogonal basis, which spans the same functions; write pau",
    "kan": "it replaces the linear layer by a learned function on every edge: another kind of network",
    "dynamic_relu": "its slopes come from a small network over the pooled layer, so it is not element-wise",
}
