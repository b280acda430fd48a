"""Workers and the process that has started them."""

import signal
import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="a signal at the parent's death is a feature of Linux")
def test_a_worker_is_killed_when_its_parent_dies() -> None:
    """Linux sends the signal itself: a worker within compiled code could not react to anything else."""
    code = (
        "import ctypes; from reluctant.core.parent_death import die_with_parent; die_with_parent(); "
        "signal = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(signal)); print(signal.value)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(result.stdout) == signal.SIGKILL
