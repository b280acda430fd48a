"""How much memory a file may take to read: what others wrote may be made to fill all of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SLACK = 64 * 2**20  # bytes beside twice a file's size: buffers, and what an allocator takes in advance
_TIMES, _FLOOR = 50, 32 * 2**20  # how far honest tables and images were packed, and what is never too much


def most_unpacked(packed: int) -> int:
    """The bytes that a packed file of this size may unpack to: 1 MB of zeros packed twice would be a gigabyte."""
    return max(_FLOOR, _TIMES * packed)


@contextmanager
def bounded_memory(size: int) -> Iterator[None]:
    """While a file of this size is read, this process gets at most twice as much memory, and some for buffers.

    What needs more raises `MemoryError` (PyTorch: `RuntimeError`). Linux only; elsewhere nothing is bounded.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[5])  # that belong to this process alone
    except (ImportError, OSError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = pages * resource.getpagesize() + 2 * size + SLACK
    if soft == resource.RLIM_INFINITY or bound < soft:
        resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
