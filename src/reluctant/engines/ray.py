"""The Ray engine: every run, or every pack of runs, is a Ray task, on this machine or on all nodes of a cluster."""

import importlib
import os
import pickle
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from reluctant.core.environment import cores
from reluctant.core.errors import StudyError
from reluctant.engines import ray_node
from reluctant.engines.events import Done, Events, Failed, Message, Ready, Started, Work
from reluctant.engines.packs import pop_pack
from reluctant.engines.ray_connection import connect
from reluctant.engines.ray_health import ClusterHealth
from reluctant.engines.run_queue import Attempt, RunQueue, timeout_reason

WAITING_CPUS = 4  # for how many CPUs tasks wait in Ray's own queue, so that no CPU is idle
POLL_SECONDS = 2.0  # between two checks of the cluster while no task sends an event
ANSWER_SECONDS = 0.5  # that one task may keep the others waiting for an event which its node does not deliver
CANCEL_SECONDS = 3.0  # that cancelled tasks get to end


def ray_engine(
    work: Work,
    runs: Sequence[Any],
    *,
    address: str | None = None,
    gpus_per_run: float = 0.0,
    timeout: float | None = None,
    pack: int = 1,
) -> Events:
    """Train the runs on the Ray cluster at `address`, else `$RAY_ADDRESS`, else on a Ray started here.

    A run whose process or node dies, or that takes longer than `timeout` seconds, is started again, up to
    three attempts in all. A Ray started here listens on loopback only and ends with the engine. A cluster,
    and a connection that is already open, are left as they are.

    With `pack`, a task trains up to so many runs side by side. It then has a GPU, where the cluster has any, unless
    `gpus_per_run` says otherwise.

    Raises:
        StudyError: Ray is not installed, the cluster does not answer, or no node can train the runs.
    """
    if not runs:
        yield Ready()
        return
    ray = _import_ray()
    cpus = max(cores(), *map(_threads, runs))
    with connect(ray, address or os.environ.get("RAY_ADDRESS"), cpus) as shared:
        gpus = gpus_per_run or float(pack > 1 and ray.cluster_resources().get("GPU", 0) >= 1)
        scheduler = RayScheduler(ray, work, runs, gpus, timeout, pack)
        try:
            if not shared and not scheduler.capable_nodes():
                raise StudyError(f"{scheduler.requirement}, which this machine does not have; change --gpus-per-run")
            yield Ready()
            scheduler.submit_waiting()
            while scheduler.tasks:
                yield from scheduler.poll()
        finally:
            scheduler.cancel_all(wait=shared)


def _import_ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise StudyError(
            f"the engine ray needs Ray, which is not installed ({error}); pip install 'reluctant[ray]'"
        ) from None


def _threads(run: Any) -> int:
    return int(getattr(run, "threads", 1))


def _dataset(run: Any) -> Any:
    return getattr(run, "dataset", None)


@dataclass
class RayTask:
    """The attempts that were submitted to Ray together. `node_name` is empty until they begin on a node."""

    attempts: list[Attempt]
    stream: Any  # of the values that `ray_node.run_remote` yields
    node_name: str = ""
    node_id: str = ""
    deadline: float = float("inf")
    cancel_reason: str = ""  # why this process has cancelled it
    value: Any = None  # the reference of an event that its node has not delivered yet

    @property
    def threads(self) -> int:
        """Of one run: those of a pack take turns."""
        return max(_threads(attempt.run) for attempt in self.attempts)


@dataclass(frozen=True)
class _Lost:
    """Why a task has ended before its runs were over."""

    cause: str
    retryable: bool = True


class RayScheduler:
    """The runs of one study: those that Ray has, those that wait, and the nodes that must not get any."""

    def __init__(
        self, ray: Any, work: Work, runs: Sequence[Any], gpus: float, timeout: float | None, pack: int = 1
    ) -> None:
        self.ray, self.work, self.gpus, self.timeout, self.pack = ray, work, gpus, timeout, pack
        self.queue = RunQueue(runs)
        self.tasks: dict[Any, RayTask] = {}  # by their streams
        self.unfit_nodes: dict[str, str] = {}  # the reasons, by the node's id
        self.nodes_without_data: dict[Any, dict[str, str]] = {}  # by the data set that they lack: the reasons, by id
        self._cpus = max(map(_threads, runs))
        self._driver = ray_node.describe_driver()
        self._warned_of_waiting = False
        self._health = ClusterHealth(ray.nodes, ray.get_runtime_context().gcs_address)
        self._thread = ThreadPoolExecutor(1)
        ray.cloudpickle.register_pickle_by_value(ray_node)
        self._run_remote = ray.remote(ray_node.run_remote)

    @property
    def requirement(self) -> str:
        """What the largest run needs of a node, in words."""
        gpus = f" and {self.gpus:g} GPUs" if self.gpus else ""
        return f"a run needs {self._cpus} processors{gpus}"

    def capable_nodes(self) -> list[str]:
        """Return the ids of the living nodes that have what the largest run needs."""
        return [
            node["NodeID"]
            for node in self._health.nodes
            if node["Alive"]
            and node["Resources"].get("CPU", 0) >= self._cpus
            and node["Resources"].get("GPU", 0) >= self.gpus
        ]

    def submit_waiting(self) -> None:
        """Submit as many runs as the cluster has CPUs for, and a few more; never ten thousand at once."""
        cpus_of_nodes = (node["Resources"].get("CPU", 0) for node in self._health.nodes if node["Alive"])
        capacity = sum(cpus_of_nodes) + WAITING_CPUS
        used = sum(task.threads for task in self.tasks.values())
        while self.queue and (used + _threads(self.queue.next_run) <= capacity or not self.tasks):
            attempts = pop_pack(self.queue, self.work, self.pack)
            cpus = max(_threads(attempt.run) for attempt in attempts)
            used += cpus
            options: dict[str, Any] = {"num_cpus": cpus, "num_gpus": self.gpus, "max_retries": 0}
            if excluded := self._excluded_nodes(attempts[0].run):
                options["label_selector"] = {"ray.io/node-id": f"!in({','.join(excluded)})"}
            payload = pickle.dumps((self.work, [attempt.run for attempt in attempts]))
            remote = self._run_remote.options(num_returns="streaming", **options)
            stream = remote.remote(payload, self._driver)
            self.tasks[stream] = RayTask(attempts, stream)

    def poll(self) -> Events:
        """Wait for an event, a timeout or a new node; yield what happened and submit further runs."""
        seconds = min(task.deadline for task in self.tasks.values()) - time.monotonic()
        seconds = max(0.0, min(POLL_SECONDS, seconds))
        ready, _ = self._call_in_thread(self.ray.wait, list(self.tasks), timeout=seconds)
        for stream in ready:
            yield from self._handle_event(self.tasks[stream])
        for task in list(self.tasks.values()):
            if task.deadline <= time.monotonic() and not task.cancel_reason:
                self._cancel(task, timeout_reason(self.timeout))
                task.deadline = time.monotonic() + CANCEL_SECONDS
            elif task.deadline <= time.monotonic():  # its node does not even answer to this
                yield from self._give_up(task, task.cancel_reason)
        yield from self._give_up_lost_nodes()
        if not ready and self.tasks and not any(task.node_name for task in self.tasks.values()):
            yield from self._warn_of_waiting()
        self.submit_waiting()

    def _give_up_lost_nodes(self) -> Events:
        """End the tasks of nodes that are dead or frozen: Ray waits for the answer of a frozen one without an end."""
        lost = self._health.lost_nodes(task.node_id for task in self.tasks.values() if task.node_id)
        for task in list(self.tasks.values()):
            if task.node_id in lost:
                yield from self._give_up(task, f"the node {task.node_name} was lost before the run was over")

    def _give_up(self, task: RayTask, reason: str) -> Events:
        """End a task from which nothing more comes; its runs are tried again."""
        self._cancel(task, reason)
        yield from self._end(task, reason, retryable=True)

    def _end(self, task: RayTask, cause: str, *, retryable: bool) -> Events:
        """Forget a task that has ended before its runs were over."""
        del self.tasks[task.stream]
        for attempt in task.attempts:
            yield self.queue.finish(attempt, Failed(attempt.run, cause, retryable=retryable))

    def cancel_all(self, *, wait: bool) -> None:
        """Cancel every task by force. With `wait`, return only when their processes are gone."""
        for task in self.tasks.values():
            self._cancel(task, "cancelled")
        if self.tasks and wait:
            ends = [stream.completed() for stream in self.tasks]
            self.ray.wait(ends, num_returns=len(ends), timeout=CANCEL_SECONDS, fetch_local=False)
        self._thread.shutdown()
        self._health.close()
        self.tasks.clear()

    def _cancel(self, task: RayTask, reason: str) -> None:
        task.cancel_reason, task.deadline = reason, float("inf")
        with suppress(self.ray.exceptions.RayError):
            self.ray.cancel(task.stream, force=True)

    def _call_in_thread(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Call in a thread what waits in Ray's C code, which would swallow a signal handler's exception."""
        return self._thread.submit(function, *arguments, **keywords).result()

    def _handle_event(self, task: RayTask) -> Events:
        event = self._call_in_thread(self._next_event, task)
        if event is None:  # a frozen node, or a slow one
            return
        if isinstance(event, tuple):
            yield from self._check_node(task, *event)
            return
        if isinstance(event, str):
            yield from self._try_elsewhere(task, event)
            return
        if isinstance(event, _Lost):
            yield from self._end(task, event.cause, retryable=event.retryable)
            return
        if isinstance(event, Started) and self.timeout and task.deadline == float("inf"):
            task.deadline = time.monotonic() + self.timeout * len(task.attempts)
        if isinstance(event, Done | Failed):
            attempt = next(each for each in task.attempts if each.run == event.run)
            task.attempts.remove(attempt)
            if not task.attempts:
                del self.tasks[task.stream]
            event = self.queue.finish(attempt, event)
        yield event

    def _next_event(self, task: RayTask) -> Any:
        """What `run_remote` yields next; `_Lost` where nothing more will come, None where nothing comes in time."""
        try:
            if task.value is None:
                reference = task.stream._next_sync(timeout_s=ANSWER_SECONDS)  # `next` would wait for a frozen node
                if reference.is_nil():
                    return None
                task.value = reference
            event = self.ray.get(task.value, timeout=ANSWER_SECONDS)
            task.value = None
            return event
        except self.ray.exceptions.GetTimeoutError:
            return None
        except StopIteration:
            return _Lost("the task ended without an outcome")
        except self.ray.exceptions.RayError as error:
            if isinstance(error, self.ray.exceptions.RayTaskError):
                return _Lost(re.sub(r"\x1b\[[0-9;]*m", "", str(error)), retryable=False)  # Ray colours the traceback
            return _Lost(self._cause_of_loss(task, error))

    def _cause_of_loss(self, task: RayTask, error: Exception) -> str:
        kinds, where = self.ray.exceptions, f" on node {task.node_name}" if task.node_name else ""
        if task.cancel_reason:
            return task.cancel_reason
        if isinstance(error, kinds.NodeDiedError | kinds.LocalRayletDiedError):
            return f"the node {task.node_name} was lost before the run was over".replace("  ", " ")
        if isinstance(error, kinds.OutOfMemoryError):
            return f"out of memory{where}\n{error}"
        if isinstance(error, kinds.WorkerCrashedError):
            return f"the worker process{where} died before the run was over (killed, crashed, out of memory)"
        return f"Ray lost the run{where}: {type(error).__name__}\n{error}"

    def _check_node(self, task: RayTask, node_id: str, node_name: str, differences: str) -> Events:
        """Note on which node a task has begun. If the node differs from the driver, queue the run again."""
        task.node_id, task.node_name, self._warned_of_waiting = node_id, node_name, False
        if not differences:
            return
        del self.tasks[task.stream]
        for attempt in reversed(task.attempts):
            self.queue.put_back(attempt)
        if node_id not in self.unfit_nodes:
            self.unfit_nodes[node_id] = f"node {node_name} has {differences}"
            yield Message(None, f"{self.unfit_nodes[node_id]}; nothing is trained there")
        self._require_fit_node()

    def _excluded_nodes(self, run: Any) -> dict[str, str]:
        """The nodes that cannot train a run, with the reasons."""
        return self.unfit_nodes | self.nodes_without_data.get(_dataset(run), {})

    def _try_elsewhere(self, task: RayTask, reason: str) -> Events:
        """Queue the runs of a task again whose data its node lacks, for other nodes; they fail where there are none."""
        run = task.attempts[0].run
        nodes = self.nodes_without_data.setdefault(_dataset(run), {})
        if task.node_id not in nodes:
            nodes[task.node_id] = f"node {task.node_name}: {reason}"
            yield Message(run, nodes[task.node_id])
        excluded = self._excluded_nodes(run)
        if all(node in excluded for node in self.capable_nodes()):
            yield from self._end(task, "no node can have the data\n" + "\n".join(nodes.values()), retryable=False)
            return
        del self.tasks[task.stream]
        for attempt in reversed(task.attempts):
            self.queue.put_back(attempt)

    def _warn_of_waiting(self) -> Events:
        """Yield a message, once, when no node can take what waits."""
        self._require_fit_node()
        first = next(iter(self.tasks.values())).attempts[0].run
        if not self._warned_of_waiting and not set(self.capable_nodes()) - set(self._excluded_nodes(first)):
            self._warned_of_waiting = True
            text = "no node of the cluster has them now, so this waits for one"
            yield Message(None, f"{self.requirement}; {text}")

    def _require_fit_node(self) -> None:
        nodes = self.capable_nodes()
        if nodes and all(node in self.unfit_nodes for node in nodes):
            reasons = "\n  ".join(self.unfit_nodes[node] for node in nodes)
            raise StudyError(
                f"no node of the cluster has the versions of this process; install the same there:\n  {reasons}"
            )
