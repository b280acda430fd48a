"""Compare activation functions: which should this network use, and is the difference real?

`compare` trains a network with each activation and compares them, `judge` gives verdicts on what is there;
`Study`, `run` and `Results` are the whole flow; `plot` draws activations; `activations`,
`models` and `data` serve code of your own.
"""

import importlib
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reluctant import activations, data, models
    from reluctant.api.compare import compare
    from reluctant.api.judge import judge
    from reluctant.api.plot import plot
    from reluctant.api.results import Results
    from reluctant.api.run import run
    from reluctant.core.errors import DataError, ModelError, ReluctantError, StudyError
    from reluctant.study import Run, Study
    from reluctant.trials.trial import Trial

__all__ = [
    "DataError", "ModelError", "ReluctantError", "Results", "Run", "Study", "StudyError", "Trial", "__version__",
    "activations", "compare", "data", "judge", "models", "plot", "run",
]  # fmt: skip

# Imported when first used, so that reading results and the command line never import torch.
_HOMES = {
    **dict.fromkeys(("DataError", "ModelError", "ReluctantError", "StudyError"), "reluctant.core.errors"),
    **dict.fromkeys(("Run", "Study"), "reluctant.study"),
    **{name: f"reluctant.api.{name}" for name in ("compare", "judge", "plot", "run")},
    "Results": "reluctant.api.results",
    "Trial": "reluctant.trials.trial",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return metadata.version("reluctant")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in __all__:
        return importlib.import_module(f"reluctant.{name}")
    raise AttributeError(f"module 'reluctant' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
