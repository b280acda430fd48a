"""Layers that keep activations of a transformer in range: norms, and functions that replace them."""

from dataclasses import dataclass

from reluctant.catalogue.entry import Catalogue, Entry, Parameter


@dataclass(frozen=True)
class Norm(Entry):
    """A norm over the last dimension; `formula`, in LaTeX, is of one number, with γ and β learned per feature."""

    formula: str = ""


def _eps(default: float) -> Parameter:
    return Parameter("eps", default, "ε", above=0.0)


_ALPHA = Parameter("alpha", 0.5, "α at the start, one number per layer", above=0.0, learned=True)

NORMS: Catalogue[Norm] = Catalogue("norm", (
    Norm("layer_norm", "Layer norm", "mean 0 and variance 1 over the features of every token",
        code="reluctant.models.norms:layer_norm", source="Ba, Kiros & Hinton 2016 (1607.06450)",
        formula=r"\gamma (x - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta", parameters=(_eps(1e-5),)),
    Norm("rms_norm", "RMS norm", "root mean square 1 over the features of every token; no β",
        code="reluctant.models.norms:rms_norm", source="Zhang & Sennrich 2019 (1910.07467)",
        formula=r"\gamma x/\sqrt{\overline{x^2} + \epsilon}", parameters=(_eps(1e-6),)),
    Norm("batch_norm", "Batch norm", "mean 0 and variance 1 of every feature over all tokens of a batch, in evaluation "
        "over those of the training; in training a token then depends a little on all others, later ones included",
        code="reluctant.models.norms:batch_norm", source="Ioffe & Szegedy 2015 (1502.03167)",
        formula=r"\gamma (x - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta", parameters=(_eps(1e-5),)),
    Norm("dyt", "Dynamic tanh", "no statistics: every number alone through tanh with a learned scale",
        code="reluctant.models.norms:DynamicTanh", source="Zhu et al. 2025 (2503.10622)", aliases=("dynamic_tanh",),
        formula=r"\gamma \tanh(\alpha x) + \beta", parameters=(_ALPHA,)),
    Norm("derf", "Dynamic erf", "no statistics: every number alone through erf with a learned scale and shift",
        code="reluctant.models.norms:DynamicErf", source="Chen et al. 2025 (2512.10938)", aliases=("dynamic_erf",),
        formula=r"\gamma\,\mathrm{erf}(\alpha x + s) + \beta",
        parameters=(_ALPHA, Parameter("shift", 0.0, "s at the start, one number per layer", learned=True))),
), own=False)  # fmt: skip
