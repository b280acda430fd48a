"""The kernels behind NumPy's matrix products are settled before NumPy is loaded, and named in the records."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reluctant.products import CHOICE, WIDE, settle
from reluctant.training.training import product_kernels

FLAGS = " ".join(sorted(WIDE))
AMD = f"processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu {FLAGS} sse\n\nprocessor\t: 1\n"


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        (AMD, "SkylakeX"),
        (AMD.replace("avx512vl", ""), None),
        (AMD.replace("AuthenticAMD", "GenuineIntel"), None),
        ("", None),
        ("no colons here", None),
    ],
)
def test_only_what_openblas_overlooks_is_chosen(
    text: str, chosen: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.delenv(CHOICE, raising=False)
    monkeypatch.delitem(sys.modules, "numpy")
    settle(tmp_path / "cpuinfo")
    assert os.environ.get(CHOICE) == chosen


def test_what_the_user_chose_and_what_numpy_chose_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(AMD)
    monkeypatch.setenv(CHOICE, "Haswell")
    settle(tmp_path / "cpuinfo")
    assert os.environ[CHOICE] == "Haswell"
    monkeypatch.delenv(CHOICE)
    assert "numpy" in sys.modules
    settle(tmp_path / "cpuinfo")
    assert CHOICE not in os.environ
    settle(tmp_path / "missing")
    assert CHOICE not in os.environ


def test_numpy_obeys() -> None:
    told = "import reluctant, numpy; from reluctant.training.training import product_kernels as k; print(k())"
    seen = {
        choice: subprocess.run(
            [sys.executable, "-c", told],
            env={**os.environ, CHOICE: choice},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for choice in ("Haswell", "Sandybridge")
    }
    if seen["Haswell"][0] != "openblas" or seen["Sandybridge"][2] == seen["Haswell"][2]:
        pytest.skip("NumPy's matrix products are not taken by an OpenBLAS that can be told")
    assert seen["Haswell"][2] == "Haswell"


def test_records_name_the_kernels() -> None:
    assert product_kernels().split()[0] in ("openblas", "mkl", "accelerate", "blis", "flexiblas")
