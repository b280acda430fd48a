"""Where a law does not hold of a row, with the reason. More than one pair in twenty would be a wrong law."""

_PYTORCH = "PyTorch's own kernel, which is used as it is:"

EXEMPTIONS: dict[tuple[str, str], str] = {
    ("prelu", "monotone"): "it never falls at its start, a = 0.25, but a learned slope may become negative",
    ("bsilu_sugar", "gradient"): "its backward is by definition the slope of another function",
    ("gelu", "finite in float32"): f"{_PYTORCH} it doubles before it halves, so half the range overflows",
    ("gelu", "finite in bfloat16"): f"{_PYTORCH} it doubles before it halves, so half the range overflows",
    ("hardswish", "finite in float32"): f"{_PYTORCH} it multiplies by up to 6 before it divides by 6",
    ("hardswish", "finite in bfloat16"): f"{_PYTORCH} it multiplies by up to 6 before it divides by 6",
    ("logsigmoid", "memory format"): f"{_PYTORCH} it returns the plain layout",
}
