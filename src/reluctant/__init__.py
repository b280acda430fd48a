"""Compare activation functions: which should this network use, and is the difference real?

`compare` asks it of a network and data at hand; `Study`, `run` and `Results` are the whole story;
`activations`, `models` and `data` serve code of one's own.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reluctant import activations, comparison, data, models, summary
    from reluctant.answer import Results
    from reluctant.experiment import run
    from reluctant.names import StudyError
    from reluctant.question import compare
    from reluctant.study import Run, Study

__all__ = [
    "Results",
    "Run",
    "Study",
    "StudyError",
    "activations",
    "compare",
    "comparison",
    "data",
    "models",
    "run",
    "summary",
]

# Imported when first asked for, so that reading results and the command line never import torch.
_HOMES = {
    "Results": "reluctant.answer",
    "compare": "reluctant.question",
    "Run": "reluctant.study",
    "Study": "reluctant.study",
    "StudyError": "reluctant.names",
    "run": "reluctant.experiment",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in __all__:
        return importlib.import_module(f"reluctant.{name}")
    raise AttributeError(f"module 'reluctant' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
