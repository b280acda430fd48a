"""Replace the layer norms and RMS norms of any network."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from reluctant.catalogue import NORMS
from reluctant.core.display import did_you_mean
from reluctant.core.errors import ModelError
from reluctant.models.norms import make_norm
from reluctant.models.swap.forward import HOOKS, count_parameters
from reluctant.models.swap.report import Patterns, join_names


@dataclass(frozen=True)
class ReportedNorm:
    """A norm of a network: its path, its class, and why it was not replaced (or empty)."""

    name: str
    kind: str
    reason: str = ""


@dataclass(frozen=True)
class NormReport:
    """What `swap_norms` did; `parameters` are the numbers that the network learns, before and after."""

    norm: str
    swapped: tuple[ReportedNorm, ...]
    skipped: tuple[ReportedNorm, ...]
    parameters: tuple[int, int]

    def __str__(self) -> str:
        lines = [f"{self.norm} in place of {len(self.swapped)} norms"]
        lines += [f"  {site.name}  {site.kind}" for site in self.swapped]
        lines += [f"not replaced: {site.name}  {site.kind}: {site.reason}" for site in self.skipped]
        before, after = self.parameters
        return "\n".join([*lines, f"parameters: {before:,} → {after:,}"])


def swap_norms(
    model: nn.Module, norm: str, *, only: Patterns = None, exclude: Patterns = None
) -> tuple[nn.Module, NormReport]:
    """The same network, changed in place, with another norm in place of its layer norms and RMS norms; and a report.

    Replaced are `nn.LayerNorm`, `nn.RMSNorm`, and modules like the RMS norms of transformers: a class whose name ends
    in Norm, with one weight per feature, that computes an RMS norm. The new norm takes over γ and β, and ε where it has
    one. It gets a new β, zero, in place of an RMS norm, which has none. Activations and all other weights stay.

    Args:
        norm: A name of the catalogue: `dyt`, `derf(alpha=0.8)`, `rms_norm`.
        only: Patterns of paths, `*.norm1`; only these norms are replaced.
        exclude: Patterns of paths that are not replaced.

    Raises:
        ModelError: No norm can be replaced, or a pattern matches none. The network is unchanged then.
        StudyError: No norm has this name.

    Example:
        >>> model, report = swap_norms(nn.TransformerEncoderLayer(16, 2), "dyt", only="norm1")
        >>> [site.name for site in report.swapped]
        ['norm1']
    """
    canonical = NORMS.canonical(norm)
    norms = {path: module for path, module in model.named_modules() if path and _is_norm(module)}
    chosen, excluded = _read_patterns(only, norms), _read_patterns(exclude, norms) or ()
    swapped: list[ReportedNorm] = []
    skipped: list[ReportedNorm] = []
    replacements: dict[nn.Module, nn.Module] = {}
    for path, module in norms.items():
        reason = _reason_to_skip(module)
        if any(fnmatchcase(path, pattern) for pattern in excluded):
            reason = "excluded"
        elif chosen is not None and not any(fnmatchcase(path, pattern) for pattern in chosen):
            reason = "not in only"
        (skipped if reason else swapped).append(ReportedNorm(path, type(module).__name__, reason))
        if not reason:
            replacements[module] = _replacement(module, norm, keeps_eps="eps" not in canonical.arguments)
    if not swapped:
        sites = join_names([f"{site.name} ({site.reason})" for site in skipped]) or "it has no LayerNorm or RMSNorm"
        raise ModelError(f"no norm of {type(model).__name__} was replaced: {sites}")
    before = count_parameters(model)
    for parent in list(model.modules()):
        changed = False
        for name, child in parent._modules.items():
            if child is not None and child in replacements:
                parent._modules[name], changed = replacements[child], True
        if changed and isinstance(parent, nn.TransformerEncoderLayer):
            parent.activation_relu_or_gelu = 0  # its fast path computes layer norm whatever the module is
    for encoder in model.modules():
        if isinstance(encoder, nn.TransformerEncoder):
            encoder.use_nested_tensor = False  # for the fast path only
    return model, NormReport(str(canonical), tuple(swapped), tuple(skipped), (before, count_parameters(model)))


def _is_norm(module: nn.Module) -> bool:
    """Whether a module is a norm of PyTorch, or one of another library: of its name and with one weight per feature."""
    weight = getattr(module, "weight", None)
    foreign = type(module).__name__.endswith("Norm") and isinstance(weight, Tensor) and weight.dim() == 1
    return foreign or isinstance(module, nn.LayerNorm | nn.RMSNorm | _BatchNorm | nn.GroupNorm)


def _reason_to_skip(module: nn.Module) -> str:
    """Why a norm cannot be replaced by one over the last dimension; empty if it can."""
    if any(getattr(module, name) for name in HOOKS):
        return "has hooks"
    if isinstance(module, nn.LayerNorm | nn.RMSNorm):
        known: type[nn.Module] = nn.LayerNorm if isinstance(module, nn.LayerNorm) else nn.RMSNorm
        if type(module).forward is not known.forward:
            return "its class has a forward of its own"
        return "" if len(module.normalized_shape) == 1 else "normalises over several dimensions"
    if isinstance(module, _BatchNorm | nn.GroupNorm):
        return "is no norm of the last dimension"
    return "" if _foreign_scale(module) is not None else "is not computed as an RMS norm"


def _foreign_scale(module: Any) -> Tensor | None:
    """γ of another library's RMS norm: its weight, or 1 + its weight, as in Gemma; None if it computes neither."""
    weight: Tensor = module.weight.detach()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, len(weight), generator=generator).to(weight)
    try:
        with torch.no_grad():
            out = module(x)
    except Exception:  # it needs more than one input
        return None
    normalised = x.float() / x.float().square().mean(1, keepdim=True).sqrt()
    for scale in (weight, 1 + weight):
        expected = normalised * scale.float()
        if isinstance(out, Tensor) and torch.allclose(out.float(), expected, rtol=2e-2, atol=1e-3):
            return scale
    return None


def _replacement(old: Any, norm: str, *, keeps_eps: bool) -> nn.Module:
    foreign = not isinstance(old, nn.LayerNorm | nn.RMSNorm)
    features = len(old.weight) if foreign else old.normalized_shape[0]
    bias = getattr(old, "bias", None) if isinstance(old, nn.LayerNorm) else None
    has_bias = bias is not None or not isinstance(old, nn.LayerNorm)
    new: Any = make_norm(norm, features, affine=old.weight is not None, bias=has_bias)
    eps = getattr(old, "eps", None) or getattr(old, "variance_epsilon", None)
    if keeps_eps and eps is not None and hasattr(new, "eps"):
        new.eps = eps
    if old.weight is not None:
        new.to(old.weight.device, old.weight.dtype)
        scale = _foreign_scale(old) if foreign else None
        new.weight = old.weight if scale is None or torch.equal(scale, old.weight) else nn.Parameter(scale)
        if bias is not None and getattr(new, "bias", None) is not None:
            new.bias = bias
    return new.train(old.training)  # type: ignore[no-any-return]


def _read_patterns(patterns: Patterns, paths: Iterable[str]) -> tuple[str, ...] | None:
    """The patterns of `only=` or `exclude=`, or None; `ModelError` if one matches no norm."""
    if patterns is None:
        return None
    names, paths = (patterns,) if isinstance(patterns, str) else tuple(patterns), list(paths)
    for pattern in names if paths else ():
        if not any(fnmatchcase(path, pattern) for path in paths):
            hint = did_you_mean(pattern, paths) or f"; the names of the norms are {join_names(paths)}"
            raise ModelError(f"no norm matches {pattern!r}{hint}")
    return names
