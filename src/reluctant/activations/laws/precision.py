"""Laws of single and half precision: finite if the true number can be represented, never NaN."""

from functools import partial

import torch
from torch import Tensor

from reluctant.activations.laws.law import KINK_DISTANCE, CheckedActivation, Law
from reluctant.activations.numerics import values_and_slopes

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
ROUNDING_STEPS = 16  # how far a value may be from the true one


def representable_numbers(dtype: torch.dtype) -> Tensor:
    """Sorted finite numbers of a dtype over its whole range, both signs, zero and the ends among them.

    All of them in half precision; in single precision five for every power of two, and an even grid around 0.
    """
    info = torch.finfo(dtype)
    if dtype is torch.float32:
        powers = torch.exp2(torch.arange(-149, 128, dtype=torch.float64))
        grid = (powers[:, None] * torch.tensor([1, 1.2, 1.4, 1.6, 1.8], dtype=torch.float64)).reshape(-1)
        near = torch.linspace(-120, 120, 4801, dtype=torch.float64)
        ends = torch.tensor([0.0, info.max, info.min], dtype=torch.float64)
        single: Tensor = torch.unique(torch.cat([grid, -grid, near, ends]).to(dtype))
        return single
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
    half: Tensor = torch.unique(bits[bits.isfinite()].double())
    return half.to(dtype)


def check_no_nan(activation: CheckedActivation, dtype: str) -> str:
    """Look for NaN among values and slopes."""
    x, y, slope = _evaluate(activation, dtype)
    for quantity, numbers in (("value", y), ("slope", slope)):
        if numbers.isnan().any():
            at = x[numbers.isnan()]
            return f"its {quantity} is NaN at {len(at)} numbers, such as {float(at[len(at) // 2]):.6g}"
    return ""


def check_finite(activation: CheckedActivation, dtype: str) -> str:
    """Allow infinity only where the true number is beyond the dtype's largest, and with the right sign."""
    x, y, slope = _evaluate(activation, dtype)
    true_y, true_slope = values_and_slopes(activation.reference(), x.double())
    info = torch.finfo(DTYPES[dtype])
    for quantity, numbers, true in (("value", y, true_y), ("slope", slope, true_slope)):
        overflow = numbers.isinf() & (true.abs() < info.max * (1 - 2 * info.eps))
        if overflow.any():
            at = int(overflow.nonzero()[0])
            return f"its {quantity} at {float(x[at]):.6g} is {float(numbers[at])}, not {float(true[at]):.6g}"
        wrong_sign = numbers.isinf() & true.isinf() & (numbers.sign() != true.sign())
        if wrong_sign.any():
            at = int(wrong_sign.nonzero()[0])
            return f"its {quantity} at {float(x[at]):.6g} is infinite with the wrong sign"
    return ""


def check_close(activation: CheckedActivation, dtype: str) -> str:
    """Compare values with the true ones; a rounding step is relative to the larger of truth, input and 1."""
    x, y, _ = _evaluate(activation, dtype)
    true, _ = values_and_slopes(activation.reference(), x.double())
    info = torch.finfo(DTYPES[dtype])
    compared = y.isfinite().cpu() & (true.abs() < info.max) & (x.double().abs() < 100)
    for kink in activation.row.kinks if "discontinuous" in activation.row.traits else ():
        compared &= (x.double() - kink).abs() > KINK_DISTANCE
    scale = torch.maximum(true.abs(), x.double().abs()).clamp(min=1.0)
    error = ((y.double() - true).abs() / (scale * info.eps))[compared]
    if error.numel() and float(error.max()) > ROUNDING_STEPS:
        at = int(error.argmax())
        point, value, truth = (float(numbers[compared][at]) for numbers in (x, y, true))
        return f"its value at {point:.6g} is {value:.6g}, not {truth:.6g}: {float(error.max()):.0f} rounding steps off"
    return ""


def _evaluate(activation: CheckedActivation, dtype: str) -> tuple[Tensor, Tensor, Tensor]:
    x = representable_numbers(DTYPES[dtype])
    y, slope = values_and_slopes(activation.module(DTYPES[dtype]), x)
    return x, y, slope


def _laws_of(dtype: str) -> tuple[Law, ...]:
    return (
        Law(f"no NaN in {dtype}", f"No value and no slope is NaN over the whole range of {dtype}.",
            partial(check_no_nan, dtype=dtype)),
        Law(f"finite in {dtype}", f"In {dtype} values and slopes are finite where the exact ones can be represented.",
            partial(check_finite, dtype=dtype)),
        Law(f"close in {dtype}", f"In {dtype} values are within {ROUNDING_STEPS} rounding steps of the true ones.",
            partial(check_close, dtype=dtype)),
    )  # fmt: skip


PRECISION = tuple(law for dtype in DTYPES for law in _laws_of(dtype))
