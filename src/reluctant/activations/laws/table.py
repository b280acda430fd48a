"""Exemptions from the laws, and the page `docs/laws.md`, which lists all laws and exemptions."""

from reluctant.activations.laws import LAWS
from reluctant.catalogue import ACTIVATIONS

_GELU = (
    "Only on some processors: PyTorch's own kernel, used unchanged, doubles before it halves, so half of the "
    "range overflows."
)
_HARDSWISH = "PyTorch's own kernel, used unchanged, multiplies by up to 6 before it divides by 6."

# The laws that a row may break, with the reason, by row and law. An exemption permits a failure and does not require
# it: "on some processors" means that PyTorch's kernel breaks the law on some processors (those with AVX-512, for
# example) and not on others. A test allows at most one pair in twenty: with more, the law itself would be wrong.
EXEMPTIONS: dict[tuple[str, str], str] = {
    ("prelu", "monotone"): "It never falls with its initial slope a = 0.25, but the learned slope may become negative.",
    ("bsilu_sugar", "gradient"): "By definition its backward pass uses another function's slope.",
    ("gelu", "finite in float32"): _GELU,
    ("gelu", "finite in bfloat16"): _GELU,
    ("hardswish", "finite in float32"): _HARDSWISH,
    ("hardswish", "finite in bfloat16"): _HARDSWISH,
    ("logsigmoid", "memory format"): "PyTorch's own kernel, used unchanged, returns the default memory layout.",
}


def render_table() -> str:
    """The page in Markdown."""
    rows = list(ACTIVATIONS)
    blocks = sum(row.family == "block" for row in rows)
    counts = {law.name: len(rows) if law.for_blocks else len(rows) - blocks for law in LAWS}
    lines = [
        "# Laws of the catalogue",
        "Written by `python -m reluctant.activations.laws.table > docs/laws.md`; a test compares the two.",
        "",
        "A law is a property that is tested for every activation of the catalogue. The row of an activation states "
        "its facts: limits, range, where it has kinks.",
        "",
        f"The catalogue has {len(rows)} activations. {blocks} of them are blocks: they act on a whole layer, not on "
        f"single numbers. {len(LAWS)} laws give {sum(counts.values()):,} pairs of a law and an activation. "
        f"{len(EXEMPTIONS)} of these pairs are exceptions.",
        "",
        "| law | what must hold | activations tested | exceptions |",
        "| --- | --- | --- | --- |",
    ]
    for law in LAWS:
        exempted = [name for name, law_name in EXEMPTIONS if law_name == law.name]
        lines.append(f"| {law.name} | {law.statement} | {counts[law.name]} | {', '.join(exempted) or '–'} |")
    lines += ["", "## Exceptions"]
    lines += [f"- `{name}`, {law}: {reason}" for (name, law), reason in EXEMPTIONS.items()] or ["None."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(render_table(), end="")
