"""Laws of single and half precision: finite where the truth is, infinite beyond its end, never NaN."""

from functools import partial

import torch
from torch import Tensor

from reluctant.activations.laws.law import NEAR, Law, Subject, value_and_slope

KINDS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def whole_range(dtype: torch.dtype) -> Tensor:
    """Numbers of a type over its whole range: five for every power of two, both signs, zero, the ends."""
    info = torch.finfo(dtype)
    if dtype is torch.float32:
        powers = torch.exp2(torch.arange(-149, 128, dtype=torch.float64))
        grid = (powers[:, None] * torch.tensor([1, 1.2, 1.4, 1.6, 1.8], dtype=torch.float64)).reshape(-1)
        near = torch.linspace(-120, 120, 4801, dtype=torch.float64)
        x = torch.cat([grid, -grid, near, torch.tensor([0.0, info.max, info.min], dtype=torch.float64)])
        return _sorted(x.to(dtype))
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)  # all there are
    return _sorted(bits[bits.isfinite()].double()).to(dtype)


def _sorted(x: Tensor) -> Tensor:
    """Every number once, in order."""
    kept: Tensor = torch.unique(x)
    return kept


def _no_nan(subject: Subject, kind: str) -> str:
    x, y, slope = _looked_at(subject, kind)
    for what, got in (("value", y), ("slope", slope)):
        if got.isnan().any():
            where = x[got.isnan()]
            return f"its {what} is NaN at {len(where)} numbers, such as {float(where[len(where) // 2]):.6g}"
    return ""


def _representable(subject: Subject, kind: str) -> str:
    """Infinite only where the truth is beyond the type's largest number, and then of the right sign."""
    x, y, slope = _looked_at(subject, kind)
    true_y, true_slope = value_and_slope(subject.trusted(), x.double())
    most = torch.finfo(KINDS[kind]).max
    for what, got, true in (("value", y, true_y), ("slope", slope, true_slope)):
        lost = got.isinf() & (true.abs() < most * (1 - 2 * torch.finfo(KINDS[kind]).eps))
        if lost.any():
            at = int(lost.nonzero()[0])
            return f"its {what} at {float(x[at]):.6g} is {float(got[at])}, not {float(true[at]):.6g}"
        turned = got.isinf() & true.isinf() & (got.sign() != true.sign())
        if turned.any():
            return f"its {what} at {float(x[int(turned.nonzero()[0])]):.6g} is infinite with the wrong sign"
    return ""


def _close(subject: Subject, kind: str) -> str:
    """Values within a few rounding steps of the truth, relative to the larger of truth, input and 1."""
    x, y, _ = _looked_at(subject, kind)
    true, _ = value_and_slope(subject.trusted(), x.double())
    info = torch.finfo(KINDS[kind])
    keep = y.isfinite().cpu() & (true.abs() < info.max) & (x.double().abs() < 100)
    for kink in subject.row.kinks if "discontinuous" in subject.row.traits else ():
        keep &= (x.double() - kink).abs() > NEAR
    scale = torch.maximum(true.abs(), x.double().abs()).clamp(min=1.0)
    error = ((y.double() - true).abs() / (scale * info.eps))[keep]
    if error.numel() and float(error.max()) > 16:
        at = int(error.argmax())
        return (
            f"its value at {float(x[keep][at]):.6g} is {float(y[keep][at]):.6g}, "
            f"not {float(true[keep][at]):.6g}: {float(error.max()):.0f} rounding steps off"
        )
    return ""


def _looked_at(subject: Subject, kind: str) -> tuple[Tensor, Tensor, Tensor]:
    x = whole_range(KINDS[kind])
    y, slope = value_and_slope(subject.module(KINDS[kind]), x)
    return x, y, slope


def _laws(kind: str) -> tuple[Law, ...]:
    return (
        Law(
            f"no NaN in {kind}",
            f"no value or slope is NaN over the range of {kind}",
            partial(_no_nan, kind=kind),
        ),
        Law(
            f"finite in {kind}",
            f"in {kind} value and slope are finite wherever the true ones can be represented",
            partial(_representable, kind=kind),
        ),
        Law(f"close in {kind}", f"in {kind} values are within 16 rounding steps", partial(_close, kind=kind)),
    )


PRECISION = tuple(law for kind in KINDS for law in _laws(kind))
