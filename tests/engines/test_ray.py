"""The Ray engine: the contract of every engine, the same records, lost processes and lost nodes."""

import importlib
import logging
import os
import platform
import re
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import reluctant
from reluctant.core.errors import StudyError
from reluctant.engines import Done, Epoch, Event, Failed, Message, Ready, Started, ray_node
from reluctant.engines.ray import WAITING_CPUS, RayScheduler, ray_engine
from reluctant.engines.training_work import TrainingWork
from reluctant.records.study_dir import StudyDir
from reluctant.study import Study
from tests.support.engine_contract import EngineContract, by_run
from tests.support.engine_work import FakeClock, content, work
from tests.support.interrupted_study import STUDY, expected_records
from tests.support.own_training import reports_of
from tests.support.processes import descendants, ends
from tests.support.ray_work import LackingOn, Located, Provider, located, run_program, surroundings
from tests.support.small import records

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

AddNode = Callable[..., Any]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of one node with two processors, and a connection to it."""
    ray = importlib.import_module("ray")
    head = {"num_cpus": 2, "include_dashboard": False}
    cluster = importlib.import_module("ray.cluster_utils").Cluster(initialize_head=True, head_node_args=head)
    ray.init(cluster.address, log_to_driver=False, logging_level=logging.CRITICAL)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def add_node(cluster: Any) -> Iterator[AddNode]:
    """A function that adds a node of one processor; the nodes that are left at the end are removed."""
    added = []

    def add(**more: Any) -> Any:
        added.append(cluster.add_node(num_cpus=1, **more))
        return added[-1]

    yield add
    for node in added:
        if node in cluster.worker_nodes:
            cluster.remove_node(node)
    cluster.wait_for_nodes()  # until no removed node is counted; the next test may rely on the number


def raylet(node: Any) -> int:
    """The process of a node that is the parent of its workers."""
    return int(node.all_processes["raylet"][0].process.pid)


@pytest.fixture(scope="module")
def engine(cluster: Any) -> Any:
    return ray_engine


class TestContract(EngineContract):
    """The contract of every engine, with Ray."""


def release(pipes: list[Path]) -> None:
    """Let runs continue that read these pipes now or later: a writer waits in a thread for its reader."""
    for pipe in pipes:
        threading.Thread(target=pipe.write_text, args=("continue",), daemon=True).start()


def train(runs: list[str], **options: Any) -> dict[Any, list[Event]]:
    return by_run(ray_engine(work, runs, **options))


def last(events: list[Event]) -> Any:
    return events[-1]


@pytest.mark.usefixtures("cluster")
class TestDeath:
    @pytest.mark.parametrize("how", ["kill", "segfault", "leave"])
    def test_a_process_that_dies_is_started_three_times_and_costs_only_its_run(self, how: str) -> None:
        events = train(["a", how, "b"])
        messages = [event.text for event in events[how] if isinstance(event, Message)]
        assert [text.partition("; ")[2] for text in messages] == [
            "starting again, attempt 2 of 3",
            "starting again, attempt 3 of 3",
        ]
        assert re.match("the worker process on node .* died before the run was over", last(events[how]).cause)
        assert isinstance(last(events["a"]), Done)
        assert isinstance(last(events["b"]), Done)

    def test_a_run_that_succeeds_at_the_third_attempt_is_done(self, tmp_path: Path) -> None:
        (events,) = train([f"twice {tmp_path / 'count'}"]).values()
        assert isinstance(last(events), Done)
        assert last(events).attempts == 3

    def test_an_exception_of_the_run_is_not_retried(self) -> None:
        assert [type(event) for event in train(["raise"])["raise"]] == [Started, Epoch, Failed]

    @pytest.mark.parametrize("how", ["starve", "starve torch"])
    def test_a_lack_of_memory_is_reported_and_retried(self, how: str) -> None:
        events = train([how])[how]
        assert [type(event) for event in events].count(Started) == 3
        assert last(events).cause.startswith("out of memory\n")

    def test_a_run_that_hangs_is_killed_and_started_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = FakeClock()
        monkeypatch.setattr("reluctant.engines.ray.time", clock)
        events = by_run(clock.past_hanging_runs(ray_engine(work, ["hang", "a"], timeout=1000.0)))
        assert [type(event) for event in events["hang"]].count(Started) == 3
        assert last(events["hang"]).cause == "the run took longer than 1000 seconds (--run-timeout)"
        assert isinstance(last(events["a"]), Done)

    def test_a_message_of_the_work_is_passed_on(self) -> None:
        assert [event.text for event in train(["say"])["say"] if isinstance(event, Message)] == ["a word to the user"]

    def test_a_reluctant_error_has_no_traceback(self) -> None:
        assert last(train(["mistake"])["mistake"]) == Failed("mistake", "write it otherwise")

    def test_work_that_cannot_be_unpickled_on_a_node_fails_with_its_traceback(self) -> None:
        (events,) = by_run(ray_engine(Unpicklable(), ["a"])).values()
        assert "ValueError: not on this side" in last(events).cause
        assert "\x1b" not in last(events).cause

    def test_closing_ends_the_processes_at_work(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        events = ray_engine(located, [f"wait {tmp_path / 'pipe'}"])
        process = content(next(event for event in events if isinstance(event, Epoch)))["process"]
        events.close()
        assert ends(process)


class Unpicklable:
    """Can be pickled, but not unpickled."""

    def __call__(self, run: Any) -> Any:
        raise AssertionError

    def __reduce__(self) -> Any:
        return _raise, ()


def _raise() -> None:
    raise ValueError("not on this side")


@pytest.mark.usefixtures("cluster")
class TestNodeEnvironment:
    def test_data_are_provided_before_the_run(self) -> None:
        events = by_run(ray_engine(Provider(True), ["a"]))["a"]
        assert [type(event) for event in events] == [Message, Started, Epoch, Epoch, Done]

    def test_data_that_no_node_can_have_fail_the_run_and_name_the_node(self) -> None:
        events = by_run(ray_engine(Provider(False), ["a", "b"]))
        node = f"node {platform.node()}: put the files there by hand"
        for run in "ab":
            assert last(events[run]) == Failed(run, f"no node can have the data\n{node}")
        messages = [event.text for run in "ab" for event in events[run] if isinstance(event, Message)]
        assert messages == [node], "it is said once"

    def test_runs_whose_data_a_node_lacks_are_trained_elsewhere(self, add_node: AddNode, tmp_path: Path) -> None:
        """Five of six runs failed: the node without the data was always the first to be free."""
        poor = raylet(add_node())
        pipes = [tmp_path / "one", tmp_path / "two"]
        for pipe in pipes:
            os.mkfifo(pipe)
        events = []
        for event in ray_engine(LackingOn(poor), [f"wait {pipe}" for pipe in pipes] + ["a", "b", "c", "d"]):
            events.append(event)
            if isinstance(event, Message):
                release(pipes)
        (message,) = (event.text for event in events if isinstance(event, Message))
        assert message == f"node {platform.node()}: put the files there by hand"
        done = [event for event in events if isinstance(event, Done)]
        assert len(done) == 6
        assert {event.attempts for event in done} == {1}
        assert poor not in {content(event)["raylet"] for event in done}

    def test_a_run_has_the_environment_of_the_driver(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "random.py").write_text("raise SystemExit('not the one you want')")
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        (events,) = by_run(ray_engine(surroundings, ["a"])).values()
        assert content(last(events))["threads"] is None
        assert content(last(events))["folder"] == str(tmp_path)
        assert content(last(events))["random"] != str(tmp_path / "random.py")

    def test_many_runs_are_not_all_submitted_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        submitted = []

        class Counted(RayScheduler):
            def submit_waiting(self) -> None:
                super().submit_waiting()
                submitted.append(len(self.tasks))

        monkeypatch.setattr("reluctant.engines.ray.RayScheduler", Counted)
        done = sum(isinstance(event, Done) for event in ray_engine(work, range(200)))
        assert done == 200
        assert max(submitted) <= 2 + WAITING_CPUS


@pytest.mark.usefixtures("cluster")
class TestUnfitNodes:
    def test_a_node_with_other_versions_is_named_and_gets_no_runs(self, add_node: AddNode, tmp_path: Path) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            "from importlib import metadata\n"
            "version = metadata.version\n"
            "metadata.version = lambda name: '1.13.1' if name == 'torch' else version(name)\n"
        )
        path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
        odd = add_node(env_vars={"PYTHONPATH": path})
        pipes = [tmp_path / "one", tmp_path / "two"]
        for pipe in pipes:
            os.mkfifo(pipe)
        messages, done = [], []
        for event in ray_engine(located, [f"wait {pipe}" for pipe in pipes] + ["a", "b"]):
            # the node with the free processor is unfit; now the waiting runs may continue
            if isinstance(event, Message):
                messages.append(event.text)
                release(pipes)
            if isinstance(event, Done):
                done.append(content(event))
        assert len(messages) == 1
        assert re.fullmatch(r"node .* has torch 1\.13\.1 instead of 2\..*; nothing is trained there", messages[0])
        assert len(done) == 4
        assert raylet(odd) not in {record["raylet"] for record in done}

    def test_if_all_nodes_are_unfit_the_study_ends_with_the_reasons(self, monkeypatch: pytest.MonkeyPatch) -> None:
        here = ray_node.describe_driver()
        here["versions"].update({"Python": "2.7.18", "numba": "0.1"})
        monkeypatch.setattr(ray_node, "describe_driver", lambda: here)
        with pytest.raises(StudyError, match=r"no node .*\n  node .* has Python 3.* instead of 2\.7\.18, numba"):
            list(ray_engine(work, ["a", "b"]))

    def test_waiting_for_a_node_is_reported(self) -> None:
        waits = "no node of the cluster has them now, so this waits for one"
        events = ray_engine(work, ["a"], gpus_per_run=0.5)
        assert isinstance(next(events), Ready)
        message = next(events)
        events.close()
        assert message == Message(None, f"a run needs 1 processors and 0.5 GPUs; {waits}")


@pytest.mark.usefixtures("cluster")
class TestNodes:
    @pytest.mark.slow
    def test_a_lost_node_changes_no_number(self, cluster: Any, add_node: AddNode, tmp_path: Path) -> None:
        """Of three nodes one is removed, with its processes, in the middle of a run; another joins late."""
        doomed, folder = add_node(), StudyDir(tmp_path / "out")
        folder.write_study(STUDY)
        raylets: dict[Any, str] = {}
        messages, late = [], None
        for event in ray_engine(Located(TrainingWork(str(folder.path))), list(STUDY.runs())):
            if isinstance(event, Message) and event.text.startswith("raylet "):
                raylets[event.run] = event.text
            elif isinstance(event, Message):
                messages.append(event.text)
            if isinstance(event, Epoch) and late is None and raylets[event.run] == f"raylet {raylet(doomed)}":
                cluster.remove_node(doomed, allow_graceful=False)
                late = add_node()
            if isinstance(event, Done):
                folder.save(event.run, event.record, event.attempts)
        assert late is not None
        assert any("starting again, attempt 2 of 3" in text for text in messages)
        assert records(folder.path) == expected_records()

    @pytest.mark.parametrize(
        ("timeout", "silent_seconds", "reason"),
        [
            (None, 1.0, "the node .* was lost before the run was over"),
            pytest.param(6.0, 1000.0, "the run took longer than 6 seconds .*", marks=pytest.mark.slow),
        ],
    )
    def test_the_run_of_a_frozen_node_goes_on_elsewhere(
        self,
        add_node: AddNode,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        timeout: float | None,
        silent_seconds: float,
        reason: str,
    ) -> None:
        """Ray waited for it without an end, and no `--run-timeout` was looked at meanwhile."""
        monkeypatch.setattr("reluctant.engines.ray_health.SILENT_SECONDS", silent_seconds)
        monkeypatch.setattr("reluctant.engines.ray_connection.CONNECT_SECONDS", 1.0)
        pipes = [tmp_path / name for name in ("one", "two", "three")]
        for pipe in pipes:
            os.mkfifo(pipe)
        frozen = raylet(add_node())
        stopped: list[int] = []
        events = []
        try:
            for event in ray_engine(located, [f"wait {pipe}" for pipe in pipes], timeout=timeout):
                events.append(event)
                if isinstance(event, Epoch) and content(event)["raylet"] == frozen:
                    stopped = [frozen, *descendants(frozen)]
                    for process in stopped:
                        os.kill(process, signal.SIGSTOP)
                    release(pipes)
                if isinstance(event, Message) and "starting again" in event.text:
                    release(pipes)
        finally:
            for process in stopped:
                os.kill(process, signal.SIGCONT)
        assert stopped
        (message,) = (event.text for event in events if isinstance(event, Message))
        assert re.fullmatch(f"{reason}; starting again, attempt 2 of 3", message)
        done = [content(event)["raylet"] for event in events if isinstance(event, Done)]
        assert len(done) == 3
        assert frozen not in done

    def test_a_node_that_joins_late_is_used(self, add_node: AddNode, tmp_path: Path) -> None:
        pipes = [tmp_path / "one", tmp_path / "two"]
        for pipe in pipes:
            os.mkfifo(pipe)
        late, done = None, {}
        for event in ray_engine(located, [f"wait {pipe}" for pipe in pipes] + ["a"]):
            if isinstance(event, Epoch) and late is None:
                late = add_node()
            if isinstance(event, Done):
                done[event.run] = content(event)
            if isinstance(event, Done) and event.run == "a":
                release(pipes)
        assert done["a"]["raylet"] == raylet(late)
        assert len(done) == 3

    def test_a_study_has_the_same_records_as_serial(self, tmp_path: Path) -> None:
        reluctant.run(STUDY, tmp_path, engine="ray", pack=3)  # a pack is a task; other tests have tasks of one run
        assert records(tmp_path) == expected_records()

    def test_a_function_that_trains_reports_the_same_as_serial(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        study = Study(activation=["relu", "gelu"], seed=[0, 1], train="tests.support.own_training:line")
        one, other = (reports_of(reluctant.run(study, engine, engine=engine)) for engine in ("serial", "ray"))
        assert len(one) == 4
        assert one == other

    def test_a_cluster_is_joined_and_left_running(self, cluster: Any) -> None:
        code = "print([type(e).__name__ for e in ray_engine(work, ['a'], address=sys.argv[1])])"
        for _ in range(2):
            out = run_program(code, cluster.address)
            assert out.stdout == "['Ready', 'Started', 'Epoch', 'Epoch', 'Done']\n", out.stderr
            assert out.stderr == ""
