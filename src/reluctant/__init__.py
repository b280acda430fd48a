"""Compare activation functions: which should this network use, and is the difference real?

`compare` asks it of a network and data at hand; `Study`, `run` and `Results` are the whole story;
`activations`, `models` and `data` serve code of one's own.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reluctant import activations, data, models
    from reluctant.analysis import comparison, summary
    from reluctant.api.compare import compare
    from reluctant.api.results import Results
    from reluctant.api.run import run
    from reluctant.core.errors import DataError, ModelError, ReluctantError, StudyError
    from reluctant.study import Run, Study

__all__ = [
    "DataError",
    "ModelError",
    "ReluctantError",
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
    "DataError": "reluctant.core.errors",
    "ModelError": "reluctant.core.errors",
    "ReluctantError": "reluctant.core.errors",
    "Results": "reluctant.api.results",
    "compare": "reluctant.api.compare",
    "Run": "reluctant.study",
    "Study": "reluctant.study",
    "StudyError": "reluctant.core.errors",
    "run": "reluctant.api.run",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in __all__:
        return importlib.import_module(f"reluctant.{name}")
    raise AttributeError(f"module 'reluctant' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
