"""Text in plain characters: LaTeX formulas as one line, and ASCII for terminals that need it."""

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
_ASCII: dict[str, str | int | None] = {
    "−": "-", "′": "'", "″": "''", "∞": "inf", "√": "sqrt ", "×": "x", "·": "*", "≤": "<=", "≥": ">=",
    "≠": "!=", "±": "+-", "–": "-", "—": "-", "…": "...", "→": "->", "“": '"', "”": '"', "’": "'",
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "kappa", "λ": "lambda",
    "μ": "mu", "ω": "omega", "π": "pi", "σ": "sigma", "τ": "tau", "θ": "theta", "φ": "phi", "Φ": "Phi",
    "Σ": "sum ", "⊙": "*", "⊗": "*", "∈": "in", "é": "e", "è": "e", "ü": "u", "ö": "o", "ä": "a",
    "✓": "+", "✗": "x", "⁻": "-", "⁺": "+", **{up: f"^{i}" for i, up in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{down: str(i) for i, down in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}  # fmt: skip


def encodable(text: str, encoding: str | None) -> str:
    """The text if this encoding has all its characters, else the text in ASCII."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return text.translate(str.maketrans(_ASCII)).encode("ascii", "replace").decode()
    return text


def latex_to_text(latex: str) -> str:
    r"""The formula without LaTeX commands and braces: `x\,\Phi(x)` becomes `x Φ(x)`."""
    text = _CASES.sub(lambda m: m[1].replace("\\\\", "; ").replace("&", ""), latex)
    text = re.sub(r"\\[,;:! ]|~", " ", text).replace("\\|", "‖").replace("\\{", "⟨").replace("\\}", "⟩")
    text = re.sub(r"\\(?:text|mathrm|operatorname|mathbf|mathbb|mathcal)\s*(?=\{)", r"\\name", text)
    while (shorter := _replace_innermost(text)) != text:
        text = shorter
    text = re.sub(r"\^(\w)", lambda m: _superscript(m[1]), text)
    text = re.sub(r"_(\w)", lambda m: _subscript(m[1]), text)
    text = re.sub(r"\\([A-Za-z]+)", _replace_command, text)
    text = text.replace("{", "").replace("}", "").replace("-", "−").replace("⟨", "{").replace("⟩", "}")
    return re.sub(r"\s+", " ", text).replace("( ", "(").replace(" )", ")").strip()


def _replace_innermost(text: str) -> str:
    """Replace commands and exponents whose groups contain no other group."""
    text = re.sub(rf"\\name{_GROUP}", r"\1", text)
    text = re.sub(rf"\\[td]?frac{_GROUP}{_GROUP}", lambda m: f"{_parenthesise(m[1])}/{_parenthesise(m[2])}", text)
    text = re.sub(r"\\[td]?frac\s*(\w)\s*(\w)", r"\1/\2", text)
    text = re.sub(rf"\\sqrt{_GROUP}", lambda m: f"√({m[1]})" if len(m[1]) > 1 else f"√{m[1]}", text)
    text = re.sub(rf"\\(?:hat|bar|tilde|vec|overline|boxed){_GROUP}", r"\1", text)
    text = re.sub(rf"\^{_GROUP}", lambda m: _superscript(m[1]), text)
    text = re.sub(rf"_{_GROUP}", lambda m: _subscript(m[1]), text)
    return re.sub(rf"(?<![\^_\w\\}}]){_GROUP}", r"\1", text)


def _parenthesise(part: str) -> str:
    part = part.strip()
    return part if _ATOM.fullmatch(re.sub(r"\\([A-Za-z]+)", "a", part)) else f"({part})"


def _superscript(part: str) -> str:
    part = part.strip()
    if re.fullmatch(r"[0-9+-]+|n", part):
        return part.translate(_UP)
    return f"^{part}" if len(part) == 1 else f"^({part})"


def _subscript(part: str) -> str:
    part = part.strip()
    return part.translate(_DOWN) if part.isdigit() else f"_{part}"


def _replace_command(match: re.Match[str]) -> str:
    name = match[1]
    if name in _SIGNS:
        return _SIGNS[name]
    return f" {name}" if match.string[match.end() :].startswith("(") else f" {name} "
