"""Text for terminals of any encoding: what stands for a sign that the encoding lacks."""

import codecs
import io
import sys
import unicodedata

ERRORS = "plain_signs"  # the name of this way in `str.encode` and `open`

_SIGNS = {
    "×": "x", "±": "+-", "–": "-", "—": "-", "−": "-", "…": "...", "·": "-", "≥": ">=", "≤": "<=", "≠": "!=",
    "≈": "~", "→": "->", "“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "′": "'", "″": "''", "σ": "sd",
    "Δ": "diff", "∞": "inf", "√": "sqrt ", "∈": "in", "⊙": "*", "⊗": "*", "ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss",
    "─": "-", "━": "-", "╸": "-", "╺": "-", "│": "|", "┼": "+", "█": "#", "✓": "ok", "✗": "failed", "▶": ">",
    "▲": "^", "▼": "v", "•": "*", "‖": "||",
}  # fmt: skip


def plain_sign(sign: str) -> str:
    """Return ASCII for a sign: `>=` for ≥, `alpha` for α, `e` for é, `^2` for ²; '?' where nothing says the same."""
    if sign in _SIGNS:
        return _SIGNS[sign]
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK") and " LETTER " in name:
        letter = name.partition(" LETTER ")[2].split()[0].replace("LAMDA", "LAMBDA")
        return letter.capitalize() if " CAPITAL " in name else letter.lower()
    base = "".join(c for c in unicodedata.normalize("NFKD", sign).replace("−", "-") if c.isascii())
    if base.strip():
        return f"^{base}" if name.startswith("SUPERSCRIPT") else base
    return " " if sign.isspace() else "?"


def _replace_unencodable(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    return "".join(map(plain_sign, fault.object[fault.start : fault.end])), fault.end


codecs.register_error(ERRORS, _replace_unencodable)


def printable(text: str) -> str:
    """Return the text with plain signs for those that this process's standard output cannot write."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        return text.encode(encoding, ERRORS).decode(encoding)
    except LookupError:  # an encoding that Python does not know
        return text


def accept_any_encoding() -> None:
    """Let this process's output and errors print plain signs in place of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)
