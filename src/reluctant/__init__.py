"""Compare activation functions: which should this network use, and is the difference real?

`compare` answers it for your network and data. `Study`, `run` and `Results` are the same in single steps.
`activations`, `models` and `data` are for your own code. Every error that you can fix is a `ReluctantError`.
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

# Imported at the first access, so that reading results and the command line never import torch.
_ATTRIBUTES = {
    "reluctant.api.compare": ("compare",),
    "reluctant.api.results": ("Results",),
    "reluctant.api.run": ("run",),
    "reluctant.core.errors": ("DataError", "ModelError", "ReluctantError", "StudyError"),
    "reluctant.study": ("Run", "Study"),
}
_MODULES = {
    "activations": "reluctant.activations",
    "comparison": "reluctant.analysis.comparison",
    "data": "reluctant.data",
    "models": "reluctant.models",
    "summary": "reluctant.analysis.summary",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    for module, names in _ATTRIBUTES.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module 'reluctant' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
