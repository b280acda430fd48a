"""The NVIDIA GPUs that this process may use, found without importing torch."""

import os
from pathlib import Path


def graphics_cards(device: str = "auto") -> list[str]:
    """The numbers of the GPUs on which a device's runs may train, as `CUDA_VISIBLE_DEVICES` writes them; or none.

    Args:
        device: As in a call of `reluctant.run`: `auto` and `cuda` are all GPUs, `cuda:1` is one of them.
    """
    files = list(Path("/dev").glob("nvidia[0-9]*"))
    present = [str(number) for number in range(len(files))]  # a container may have number 5 alone, which CUDA calls 0
    kind, _, number = device.partition(":")
    if kind not in ("auto", "cuda") or not present:
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    cards = present if visible is None else [card.strip() for card in visible.split(",") if card.strip()]
    if not number:
        return cards
    return [cards[int(number)]] if number.isdigit() and int(number) < len(cards) else []
