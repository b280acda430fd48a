"""A round in a process of its own: where tensors lie in memory differs from one process to the next.

ReLU's two passes took 440 µs in one process and 580 in another, for as long as each lived (docs/log.md), so
an interval from within one process is narrow and wrong.
"""

import ctypes
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from reluctant.bench.round import Round, timed_round
from reluctant.bench.setting import Setting
from reluctant.core.errors import StudyError

_TRIM, _MAP = -1, -3  # glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD
_LONGEST = 300  # characters of what a dead process said last


def apart(names: Sequence[str], setting: Setting, number: int) -> Round:
    """`timed_round` in a fresh process; `StudyError` where that dies."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "reluctant.bench.process"],
        input=pickle.dumps((sys.path, tuple(names), setting, number)),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").splitlines()
        said = next((line for line in reversed(last) if line.strip()), "it said nothing")
        raise StudyError(f"a process that measures ended with status {done.returncode}: {said[:_LONGEST]}")
    found: Round = pickle.loads(done.stdout)
    return found


def _keep_heap() -> None:
    """Freed memory stays with the process (glibc), as it does where a network trains.

    Otherwise some processes give it back after every pass and wait for 341 fresh pages at the next.
    """
    with suppress(OSError, AttributeError):
        library: Any = ctypes.CDLL(None)
        for what in (_TRIM, _MAP):
            library.mallopt(what, 2**30)


def serve() -> None:
    """Read what is to be measured, measure it, write what was found; what activations print is lost."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    path, names, setting, number = pickle.load(sys.stdin.buffer)
    sys.path[:] = path
    _keep_heap()
    with answer:
        pickle.dump(timed_round(names, setting, number), answer)


if __name__ == "__main__":
    serve()
