"""What scores are about, in the words that tables, figures and sentences use."""

from dataclasses import dataclass

from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION


@dataclass(frozen=True)
class Subject:
    """The nouns of a study.

    Args:
        name: What the study is called.
        data: The title of the data; empty where not known.
        task: `classification` or `regression`.
        items: What the inputs are called: images, rows, signals.
        arms: What the arms are called: activations.
    """

    name: str
    data: str = ""
    task: str = CLASSIFICATION
    items: str = "items"
    arms: str = "arms"

    @property
    def item(self) -> str:
        """One of the inputs."""
        return self.items.removesuffix("s")

    @property
    def arm(self) -> str:
        """One of the arms."""
        return self.arms.removesuffix("s")

    @property
    def test_part(self) -> str:
        """`the test images`."""
        return f"the test {self.items}"

    @property
    def regression(self) -> bool:
        """Whether numbers are predicted."""
        return self.task == REGRESSION
