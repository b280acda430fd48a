"""The page of laws and rows: what was asked of every activation, and every exemption with its reason."""

from reluctant.activations.laws import LAWS
from reluctant.activations.laws.exemptions import EXEMPTIONS
from reluctant.catalogue import ACTIVATIONS


def table() -> str:
    """The page in Markdown."""
    rows = list(ACTIVATIONS)
    blocks = sum(row.family == "block" for row in rows)
    pairs = sum(len(rows) if law.blocks else len(rows) - blocks for law in LAWS)
    lines = [
        "# Laws of the catalogue",
        "Written by `python -m reluctant.activations.laws.table > docs/laws.md`; a test compares the two.",
        "",
        f"{len(rows)} rows, {blocks} of them blocks (no function of one number), {len(LAWS)} laws, "
        f"{pairs:,} pairs of a law and a row; {len(EXEMPTIONS)} of them exempted.",
        "",
        "| law | what it asks | rows | exempted |",
        "| --- | --- | --- | --- |",
    ]
    for law in LAWS:
        asked = len(rows) if law.blocks else len(rows) - blocks
        free = [name for name, of in EXEMPTIONS if of == law.name]
        lines.append(f"| {law.name} | {law.says} | {asked} | {', '.join(free) or '–'} |")
    lines += ["", "## Exemptions"]
    lines += [f"- `{name}`, {law}: {reason}" for (name, law), reason in EXEMPTIONS.items()] or ["None."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
