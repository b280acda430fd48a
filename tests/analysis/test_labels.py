"""Labels of activations: short, and no two alike."""

import pytest

from reluctant.analysis.labels import LONGEST, arm_label, arm_labels, duration


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("relu", "ReLU"),
        ("Swish", "Swish"),  # a name that a table has, though the catalogue calls it SiLU
        ("leaky_relu(negative_slope=0.002)", "LeakyReLU 0.002"),
        ("hardtanh(max_val=2,min_val=-1)", "Hardtanh 2 -1"),
        ("my_lab.acts:Serf(beta=2)", "Serf 2"),
        ("gone_from_the_catalogue(a=1)", "gone_from_the_catalogue(a…"),
    ],
)
def test_labels_are_short(name: str, label: str) -> None:
    assert arm_label(name) == label


def test_labels_that_would_be_alike_are_made_distinct() -> None:
    long = [f"lab:{'x' * 40}(n={i})" for i in range(3)]
    names = ("a:f", "b:f", *long)
    labels = arm_labels(names)
    assert list(labels) == list(names)
    assert len(set(labels.values())) == len(names)
    assert max(map(len, labels.values())) <= LONGEST


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.24, "4.2 s"), (59.7, "1 min 0 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
