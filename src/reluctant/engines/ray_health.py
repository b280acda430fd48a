"""Whether the processes of a Ray cluster still answer.

Ray finds a frozen node after more than a minute, and where the cluster's head is lost it ends this process after a
minute, without an exception. So both are greeted here, every few seconds and in threads of their own.
"""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from reluctant.core.errors import StudyError
from reluctant.engines.ray_connection import speaks_http2

PERIOD_SECONDS = 2.0  # between two rounds of greetings
SILENT_SECONDS = 30.0  # after which a node, or the head, counts as lost
GREETINGS = 8  # at once

Address = tuple[str, int]


@dataclass
class ClusterHealth:
    """Greets the head of a cluster and those of its nodes from which something is expected.

    Args:
        list_nodes: Returns the cluster's nodes, as `ray.nodes` does.
        head: The address of the cluster's head, `HOST:PORT`.
        greet: Whether something answers at a host and a port; `OSError` where nothing does.
        clock: The time in seconds.
    """

    list_nodes: Callable[[], list[dict[str, Any]]]
    head: str
    greet: Callable[[str, int], bool] = speaks_http2
    clock: Callable[[], float] = time.monotonic
    _answered: set[Address] = field(default_factory=set)  # who never has may be behind a firewall, and is not judged
    _silent_since: dict[Address, float] = field(default_factory=dict)
    _next_round: float = 0.0

    def __post_init__(self) -> None:
        host, _, port = self.head.rpartition(":")
        self._head = host.strip("[]"), int(port)
        self._greetings = ThreadPoolExecutor(GREETINGS)
        self._running: dict[str, threading.Thread] = {}
        self.nodes = self.list_nodes()  # as of the last round: asking Ray for them waits where the head does not answer

    def lost_nodes(self, nodes: Iterable[str]) -> set[str]:
        """Return which of these nodes (their ids) are dead for Ray or do not answer any more, without waiting.

        Raises:
            StudyError: The head of the cluster does not answer any more.
        """
        with_tasks = frozenset(nodes)
        if self.clock() >= self._next_round:
            self._next_round = self.clock() + PERIOD_SECONDS
            self._start(self.greet_head)
            self._start(self.greet_nodes, with_tasks)
        if self._is_lost(self._head):
            raise StudyError(
                f"the head of the Ray cluster at {self.head} has not answered for {SILENT_SECONDS:.0f} seconds; all "
                "finished runs are safe: start the cluster again, then type the same command to continue"
            )
        ids = {node["NodeID"] for node in self.nodes if not node["Alive"] or self._is_lost(_address(node))}
        return ids & with_tasks

    def greet_head(self) -> None:
        """Greet the head."""
        self._greet(self._head)

    def greet_nodes(self, with_tasks: frozenset[str]) -> None:
        """Greet these nodes and those that have not answered yet, unless the head is silent: Ray would wait for it."""
        self.greet_head()
        if self._head in self._silent_since:
            return
        try:
            self.nodes = self.list_nodes()
            alive = [(node["NodeID"], _address(node)) for node in self.nodes if node["Alive"]]
            due = [address for node, address in alive if node in with_tasks or address not in self._answered]
            list(self._greetings.map(self._greet, due))
        except Exception:  # Ray's connection has ended, or the study
            return

    def _start(self, greet: Callable[..., None], *arguments: Any) -> None:
        """Greet in a thread, unless the last one still waits; it may do so for ever, and must not keep the process."""
        last = self._running.get(greet.__name__)
        if last is None or not last.is_alive():
            self._running[greet.__name__] = threading.Thread(target=greet, args=arguments, daemon=True)
            self._running[greet.__name__].start()

    def _greet(self, address: Address) -> None:
        try:
            self.greet(*address)
        except OSError:
            self._silent_since.setdefault(address, self.clock())
        else:
            self._answered.add(address)
            self._silent_since.pop(address, None)

    def _is_lost(self, address: Address) -> bool:
        silent_since = self._silent_since.get(address)
        return address in self._answered and silent_since is not None and self.clock() - silent_since >= SILENT_SECONDS

    def close(self) -> None:
        """Greet no more."""
        self._greetings.shutdown(wait=False, cancel_futures=True)


def _address(node: dict[str, Any]) -> Address:
    return node["NodeManagerAddress"], node["NodeManagerPort"]
