"""Which kernels NumPy's matrix products use: settled before NumPy is loaded, since OpenBLAS chooses once."""

import os
import sys
from pathlib import Path

CHOICE = "OPENBLAS_CORETYPE"
WIDE = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def settle(cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Let OpenBLAS use AVX-512 where this processor has it and OpenBLAS would not see it.

    OpenBLAS 0.3.31 does not know AMD's fifth generation and takes it for a Haswell: 110 billion operations a
    second on one core in place of 250 (docs/log.md). What the user has set stands; a NumPy already loaded
    keeps what it chose, and records name that.
    """
    if CHOICE not in os.environ and "numpy" not in sys.modules and _overlooked(cpuinfo):
        os.environ[CHOICE] = "SkylakeX"


def _overlooked(cpuinfo: Path) -> bool:
    """Whether this is a processor of AMD's with AVX-512."""
    try:
        text = cpuinfo.read_text()
    except OSError:
        return False
    first = [line.split(":", 1) for line in text.partition("\n\n")[0].splitlines() if ":" in line]
    facts = {key.strip(): value.strip() for key, value in first}
    return facts.get("vendor_id") == "AuthenticAMD" and set(facts.get("flags", "").split()) >= WIDE
