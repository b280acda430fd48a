"""Damaged files in the cache of compiled kernels: the kernel is compiled again, and says so."""

import errno
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

CODE = """
from reluctant.models.kernels.compiled import kernel

@kernel
def doubled(x):
    return 2 * x
"""
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "torn": lambda content: content[: len(content) // 2],
    "other": lambda _: b"garbage" * 50,
}


def load(path: Path) -> Any:
    """The module with the kernel, as a new process would import it."""
    spec = importlib.util.spec_from_file_location("own_kernels", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["own_kernels"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_damaged_kernel_is_compiled_again(
    damage: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "own_kernels", raising=False)
    (tmp_path / "cache").mkdir()
    (tmp_path / "own_kernels.py").write_text(CODE)
    assert load(tmp_path / "own_kernels.py").doubled(np.float64(4)) == 8
    (file,) = tmp_path.glob(f"cache/**/*.{ending}")
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    with pytest.warns(RuntimeWarning, match="the compiled doubled in .* is damaged .*it is compiled again"):
        assert load(tmp_path / "own_kernels.py").doubled(np.float64(5)) == 10
    assert load(tmp_path / "own_kernels.py").doubled(np.float64(6)) == 12  # from the cache, without a warning


def test_a_kernel_that_cannot_be_stored_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full quota of the home folder stopped every study."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "own_kernels", raising=False)
    (tmp_path / "cache").mkdir()
    (tmp_path / "own_kernels.py").write_text(CODE)
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    monkeypatch.setattr(Path, "open", full)  # of the lock
    with pytest.warns(RuntimeWarning, match="cannot be stored in .* every process compiles them again.*NUMBA_CACHE"):
        assert load(tmp_path / "own_kernels.py").doubled(np.float64(4)) == 8
