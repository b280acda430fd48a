"""Where a law need not hold of a row, with the reason. More than one pair in twenty would be a wrong law."""

from dataclasses import dataclass

_PYTORCH = "PyTorch's own kernel, which is used as it is:"


@dataclass(frozen=True)
class Exemption:
    """A law that a row may break.

    An exemption permits failing and does not demand it: `some_processors` says that PyTorch's kernel for
    some processors (AVX-512, say) breaks the law and another one keeps it.
    """

    reason: str
    some_processors: bool = False

    def __str__(self) -> str:
        return f"on some processors only: {self.reason}" if self.some_processors else self.reason


_GELU = Exemption(
    f"{_PYTORCH} it doubles before it halves, so half the range overflows", some_processors=True
)
_HARDSWISH = Exemption(f"{_PYTORCH} it multiplies by up to 6 before it divides by 6")

EXEMPTIONS: dict[tuple[str, str], Exemption] = {
    ("prelu", "monotone"): Exemption(
        "it never falls at its start, a = 0.25, but a learned slope may become negative"
    ),
    ("bsilu_sugar", "gradient"): Exemption("its backward is by definition the slope of another function"),
    ("gelu", "finite in float32"): _GELU,
    ("gelu", "finite in bfloat16"): _GELU,
    ("hardswish", "finite in float32"): _HARDSWISH,
    ("hardswish", "finite in bfloat16"): _HARDSWISH,
    ("logsigmoid", "memory format"): Exemption(f"{_PYTORCH} it returns the plain layout"),
}
