"""Which processes of a Ray cluster still answer, with a clock and greetings of the test's own."""

import threading
from typing import Any

import pytest

from reluctant.core.errors import StudyError
from reluctant.engines.ray_health import PERIOD_SECONDS, SILENT_SECONDS, Address, ClusterHealth

HEAD = ("10.0.0.1", 6379)


class Network:
    """Who answers now, who was greeted, and the time."""

    def __init__(self, *ports: int) -> None:
        self.ports = ports
        self.silent: set[Address] = set()
        self.dead: set[int] = set()
        self.greeted: list[Address] = []
        self.now = 100.0
        self.health = ClusterHealth(self.nodes, "10.0.0.1:6379", self.greet, lambda: self.now)

    def nodes(self) -> list[dict[str, Any]]:
        return [
            {"NodeID": f"n{port}", "Alive": port not in self.dead, "NodeManagerAddress": "h", "NodeManagerPort": port}
            for port in self.ports
        ]

    def greet(self, host: str, port: int) -> bool:
        self.greeted.append((host, port))
        if (host, port) in self.silent:
            raise TimeoutError
        return True

    def lost_after(self, seconds: float, *nodes: str) -> set[str]:
        """Wait, greet, and ask."""
        self.now += seconds
        self.health.greet_head()
        self.health.greet_nodes(frozenset(nodes))
        return self.health.lost_nodes(nodes)


@pytest.fixture
def network() -> Any:
    network = Network(1, 2)
    yield network
    network.health.close()


def test_a_node_is_lost_when_it_has_been_silent_for_long(network: Network) -> None:
    assert network.lost_after(0, "n1", "n2") == set()
    network.silent = {("h", 2)}
    assert network.lost_after(5, "n1", "n2") == set()
    assert network.lost_after(SILENT_SECONDS - 1, "n1", "n2") == set()
    assert network.lost_after(1, "n1", "n2") == {"n2"}
    assert network.lost_after(1, "n1") == set(), "nothing is expected of the other"


def test_an_answer_ends_the_silence(network: Network) -> None:
    network.lost_after(0, "n1")
    network.silent = {("h", 1)}
    network.lost_after(5, "n1")
    network.silent = set()
    network.lost_after(SILENT_SECONDS - 1, "n1")
    network.silent = {("h", 1)}
    assert network.lost_after(2, "n1") == set()


def test_a_node_that_never_answered_is_not_judged(network: Network) -> None:
    """A firewall may stand before it."""
    network.silent = {("h", 1)}
    for _ in range(3):
        assert network.lost_after(SILENT_SECONDS, "n1") == set()


def test_a_node_that_is_dead_for_ray_is_lost_at_once(network: Network) -> None:
    network.lost_after(0, "n1")
    network.dead = {1}
    assert network.lost_after(1, "n1", "n2") == {"n1"}


def test_only_nodes_at_work_and_new_ones_are_greeted(network: Network) -> None:
    network.health.greet_nodes(frozenset())
    assert network.greeted == [HEAD, ("h", 1), ("h", 2)]
    network.greeted.clear()
    network.health.greet_nodes(frozenset({"n2"}))
    assert network.greeted == [HEAD, ("h", 2)]


def test_a_round_that_hangs_keeps_no_other_from_greeting_the_head(network: Network) -> None:
    """Ray waits without an end for the nodes of a cluster whose head froze a moment ago."""
    network.lost_after(0, "n1")
    thawed, network.silent = threading.Event(), {HEAD}

    def wait() -> list[dict[str, Any]]:
        thawed.wait(60)
        return []

    def greet_for(seconds: float) -> None:
        for _ in range(int(seconds / PERIOD_SECONDS)):
            network.now += PERIOD_SECONDS
            network.health.lost_nodes(["n1"])
            network.health._running["greet_head"].join()

    network.health.list_nodes = wait
    with pytest.raises(StudyError, match="has not answered"):
        greet_for(4 * SILENT_SECONDS)
    thawed.set()


def test_a_head_that_is_silent_ends_the_study(network: Network) -> None:
    network.lost_after(0, "n1")
    network.silent = {HEAD}
    assert network.lost_after(5, "n1") == set()
    with pytest.raises(StudyError, match=r"the head of the Ray cluster at 10\.0\.0\.1:6379 has not answered for 30 s"):
        network.lost_after(SILENT_SECONDS, "n1")
