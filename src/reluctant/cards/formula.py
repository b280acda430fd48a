r"""A formula in LaTeX as a line of plain text for the terminal: `x\,\Phi(x)` as `x Φ(x)`."""

import re

_SIGNS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "eta": "η",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "omega": "ω", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "theta": "θ", "phi": "φ", "varphi": "φ", "psi": "ψ", "Phi": "Φ", "Sigma": "Σ", "sum": "Σ",
    "infty": "∞", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "cdot": "·",
    "times": "×", "odot": "⊙", "otimes": "⊗", "pm": "±", "sim": "~", "in": "∈", "to": "→", "ldots": "…",
    "dots": "…", "cdots": "…", "lfloor": "⌊", "rfloor": "⌋", "lVert": "‖", "rVert": "‖", "lvert": "|",
    "rvert": "|", "left": "", "right": "", "quad": "  ", "qquad": "  ", "displaystyle": "", "big": "",
    "bigl": "", "bigr": "", "Big": "", "prime": "′", "partial": "∂", "mid": "|", "star": "*", "ell": "l",
}  # fmt: skip
_UP = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_DOWN = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_GROUP = r"\{((?:[^{}])*)\}"
_ATOM = re.compile(r"[\w.]+|√\(.*\)|\w+\([^()]*\)")
_CASES = re.compile(r"\\begin\{cases\}(.*?)\\end\{cases\}", re.DOTALL)


def plain(latex: str) -> str:
    """The formula without LaTeX's commands and braces."""
    text = _CASES.sub(lambda m: m[1].replace("\\\\", "; ").replace("&", ""), latex)
    text = re.sub(r"\\[,;:! ]|~", " ", text).replace("\\|", "‖").replace("\\{", "⟨").replace("\\}", "⟩")
    text = re.sub(r"\\(?:text|mathrm|operatorname|mathbf|mathbb|mathcal)\s*(?=\{)", r"\\name", text)
    while (shorter := _innermost(text)) != text:
        text = shorter
    text = re.sub(r"\^(\w)", lambda m: _raised(m[1]), text)
    text = re.sub(r"_(\w)", lambda m: _lowered(m[1]), text)
    text = re.sub(r"\\([A-Za-z]+)", _command, text)
    text = text.replace("{", "").replace("}", "").replace("-", "−").replace("⟨", "{").replace("⟩", "}")
    return re.sub(r"\s+", " ", text).replace("( ", "(").replace(" )", ")").strip()


def _innermost(text: str) -> str:
    """One round: commands and exponents whose groups hold no group."""
    text = re.sub(rf"\\name{_GROUP}", r"\1", text)
    text = re.sub(rf"\\[td]?frac{_GROUP}{_GROUP}", lambda m: f"{_whole(m[1])}/{_whole(m[2])}", text)
    text = re.sub(r"\\[td]?frac\s*(\w)\s*(\w)", r"\1/\2", text)
    text = re.sub(rf"\\sqrt{_GROUP}", lambda m: f"√({m[1]})" if len(m[1]) > 1 else f"√{m[1]}", text)
    text = re.sub(rf"\\(?:hat|bar|tilde|vec|overline|boxed){_GROUP}", r"\1", text)
    text = re.sub(rf"\^{_GROUP}", lambda m: _raised(m[1]), text)
    text = re.sub(rf"_{_GROUP}", lambda m: _lowered(m[1]), text)
    return re.sub(rf"(?<![\^_\w\\}}]){_GROUP}", r"\1", text)


def _whole(part: str) -> str:
    part = part.strip()
    return part if _ATOM.fullmatch(re.sub(r"\\([A-Za-z]+)", "a", part)) else f"({part})"


def _raised(part: str) -> str:
    part = part.strip()
    if re.fullmatch(r"[0-9+-]+|n", part):
        return part.translate(_UP)
    return f"^{part}" if len(part) == 1 else f"^({part})"


def _lowered(part: str) -> str:
    part = part.strip()
    return part.translate(_DOWN) if part.isdigit() else f"_{part}"


def _command(match: re.Match[str]) -> str:
    name = match[1]
    if name in _SIGNS:
        return _SIGNS[name]
    return f" {name}" if match.string[match.end() :].startswith("(") else f" {name} "
