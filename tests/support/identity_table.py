"""The page `docs/identity.md`: for which networks a swap was shown to change nothing that it should not."""

from tests.support.zoo_failures import HOOKS_AND_SUBCLASSES, KNOWN_FAILURES
from tests.support.zoo_images import ARCHITECTURES
from tests.support.zoo_models import GENERATIVE_AND_SCIENTIFIC
from tests.support.zoo_programs import PROGRAMS
from tests.support.zoo_sequences import SEQUENCE_NETWORKS
from tests.support.zoo_spellings import SPELLINGS
from tests.support.zoo_transformers import LIBRARY_NETWORKS
from tests.support.zoo_wrappings import WRAPPINGS

GROUPS = {
    "ways to write an activation": SPELLINGS,
    "wrappings: checkpoints, hooks, lazy and shared modules": WRAPPINGS,
    "image networks": ARCHITECTURES,
    "sequence networks": SEQUENCE_NETWORKS,
    "ways to write a network": PROGRAMS,
    "generative and scientific networks": GENERATIVE_AND_SCIENTIFIC,
    "`transformers`, built from a configuration": LIBRARY_NETWORKS,
    "hooks on activations, subclasses of activations": HOOKS_AND_SUBCLASSES,
}


def page() -> str:
    """The page as Markdown."""
    total = sum(map(len, GROUPS.values()))
    lines = [
        "# Swapping changes nothing else",
        "Written by `python -m tests.support.identity_table > docs/identity.md`; a test compares the two.",
        "",
        f"The tests put the activation that a network has into its own place, in {total} networks. In training and in",
        "evaluation mode every output, every gradient of a parameter and of an input, every buffer and the random",
        "state after the step are equal to the bit. Another activation then changes the output.",
        "",
        "| kind | networks |",
        "| --- | --- |",
        *(f"| {kind} ({len(networks)}) | {'; '.join(networks)} |" for kind, networks in GROUPS.items()),
        "",
        "The exceptions that are known:",
        "",
        "| network | what differs |",
        "| --- | --- |",
        *(f"| {name} | {difference} |" for name, (_, difference) in KNOWN_FAILURES.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
