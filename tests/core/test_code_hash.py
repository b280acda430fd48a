"""The hash of an object: what must change it, what may not, and that every process computes the same."""

import copy
import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.core.code_hash import code_hash

FACTOR: Any = 1.0
act: Callable[[Tensor], Tensor] = F.relu


class Net(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.layer = nn.Linear(3, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = act(self.layer(x)) * FACTOR
        return out


class Scale:
    def __init__(self, beta: float) -> None:
        self.beta = beta

    def apply(self, x: Tensor) -> Tensor:
        return x * self.beta


def closed(factor: float) -> Callable[[Tensor], Tensor]:
    return lambda x: x * factor


def with_property(value: int) -> type:
    class Some:
        @property
        def value(self) -> int:
            return 1 if value == 1 else 2

    return Some


def seeded(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return Net()


DISTINCT = {
    "arguments of a partial": lambda i: functools.partial(Net, width=i),
    "a closure": lambda i: closed(float(i)),
    "what a method is bound to": lambda i: Scale(i).apply,
    "attributes": Scale,
    "what a property closes over": with_property,
    "functions in C": lambda i: (torch.tanh, torch.sin)[i - 1],
    "modules of torch": lambda i: (nn.ReLU, nn.GELU)[i - 1],
    "their settings": lambda i: nn.LeakyReLU(i / 10),
    "weights": seeded,
    "arrays": lambda i: np.full(3, i),
    "types of arrays": lambda i: np.ones(3, (np.float32, np.float64)[i - 1]),
    "weights of half precision": lambda i: torch.full((3,), i, dtype=torch.bfloat16),
}


@pytest.mark.parametrize("make", DISTINCT.values(), ids=DISTINCT)
def test_other_objects_have_other_hashes(make: Callable[[int], Any]) -> None:
    assert code_hash(make(1)) == code_hash(make(1))
    assert code_hash(make(1)) != code_hash(make(2))


@pytest.mark.parametrize(
    ("name", "value"), [("FACTOR", 2.0), ("act", F.gelu), ("FACTOR", np.ones(2)), ("act", torch.tanh)]
)
@pytest.mark.parametrize("of", [Net, Net.forward], ids=["class", "function"])
def test_the_globals_that_code_names_change_its_hash(
    of: Any, name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_hash(of)
    with monkeypatch.context() as patched:
        patched.setattr(f"tests.core.test_code_hash.{name}", value)
        assert code_hash(of) != before
    assert code_hash(of) == before


def test_a_copy_has_the_same_hash_and_a_lazy_module_has_one() -> None:
    net = Net()
    assert code_hash(copy.deepcopy(net)) == code_hash(net)
    assert code_hash(nn.LazyLinear(3)) != code_hash(nn.LazyLinear(4))


def test_every_process_computes_the_same_hash(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "def f(x):\n    return x if x in {'a', 'b', 'c', 'd', 'e', 'f'} else {'g': 1, 'h': {2, 3}}\n"
    )
    code = "import own; from reluctant.core.code_hash import code_hash; print(code_hash(own.f))"
    hashes = set()
    for seed in (1, 2):
        environment = {"PYTHONHASHSEED": str(seed), "PATH": "", "PYTHONPATH": os.pathsep.join(sys.path)}
        out = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        hashes.add(out.stdout.strip())
    assert len(hashes) == 1
    assert len(hashes.pop()) == 64
