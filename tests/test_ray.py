"""Ray: the contract of every engine, the same records, and what the loss of a process or a node costs."""

import importlib
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import reluctant
from reluctant.core.errors import StudyError
from reluctant.engines import Done, Epoch, Event, Failed, Message, Ready, Started, ray_node
from reluctant.engines.ray import WAITING_CPUS, RayScheduler, ray_engine
from reluctant.engines.ray_connection import check_address
from reluctant.engines.training_work import TrainingWork
from reluctant.records.study_dir import Folder
from tests.engine_work import work
from tests.ray_work import Placed, Provider, placed, surroundings
from tests.small import records
from tests.test_engines import TestContract as Contract
from tests.test_engines import by_run, ended
from tests.test_killed import first_lines
from tests.undisturbed import STUDY, start, undisturbed

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

NOWHERE = "127.0.0.2:1"  # a port on which nobody listens
Nodes = Callable[..., Any]


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
def another(cluster: Any) -> Iterator[Nodes]:
    """Adds nodes of one processor, and removes those that are left at the end."""
    added = []

    def add(**more: Any) -> Any:
        added.append(cluster.add_node(num_cpus=1, **more))
        return added[-1]

    yield add
    for node in added:
        if node in cluster.worker_nodes:
            cluster.remove_node(node)
    cluster.wait_for_nodes()  # until none is counted that is gone: the next test may build on the number


def raylet(node: Any) -> int:
    """The process that is a node, as far as its workers can tell."""
    return int(node.all_processes["raylet"][0].process.pid)


@pytest.fixture(scope="module")
def engine(cluster: Any) -> Any:
    return ray_engine


class TestContract(Contract):
    """What every engine promises."""


def carried(runs: list[str], **means: Any) -> dict[Any, list[Event]]:
    return by_run(ray_engine(work, runs, **means))


def last(told: list[Event]) -> Any:
    return told[-1]


@pytest.mark.usefixtures("cluster")
class TestDeath:
    @pytest.mark.parametrize("how", ["kill", "segfault", "leave", "exit"])
    def test_a_process_that_dies_is_begun_three_times_and_costs_only_its_run(self, how: str) -> None:
        told = carried(["a", how, "b"])
        said = [event.text for event in told[how] if isinstance(event, Message)]
        assert [text.partition("; ")[2] for text in said] == [
            "starting again, attempt 2 of 3",
            "starting again, attempt 3 of 3",
        ]
        assert re.match("the worker process on node .* died before the run was over", last(told[how]).cause)
        assert isinstance(last(told["a"]), Done)
        assert isinstance(last(told["b"]), Done)

    def test_a_run_that_succeeds_at_last_is_done(self, tmp_path: Path) -> None:
        (told,) = carried([f"twice {tmp_path / 'count'}"]).values()
        assert isinstance(last(told), Done)
        assert last(told).attempts == 3

    def test_a_fault_of_the_run_itself_is_not_tried_again(self) -> None:
        assert [type(event) for event in carried(["raise"])["raise"]] == [Started, Epoch, Failed]

    @pytest.mark.parametrize("how", ["starve", "starve torch"])
    def test_a_lack_of_memory_is_named_and_tried_again(self, how: str) -> None:
        told = carried([how])[how]
        assert [type(event) for event in told].count(Started) == 3
        assert last(told).cause.startswith("out of memory\n")

    def test_a_run_that_hangs_is_ended_and_begun_again(self) -> None:
        told = carried(["hang", "a"], timeout=0.5)
        assert [type(event) for event in told["hang"]].count(Started) == 3
        assert last(told["hang"]).cause == "the run took longer than 0.5 seconds (--run-timeout)"
        assert isinstance(last(told["a"]), Done)

    def test_what_the_work_says_is_passed_on(self) -> None:
        assert [event.text for event in carried(["say"])["say"] if isinstance(event, Message)] == [
            "a word to the user"
        ]

    def test_a_user_s_mistake_has_no_traceback(self) -> None:
        assert last(carried(["mistake"])["mistake"]) == Failed("mistake", "write it otherwise")

    def test_work_that_cannot_be_unpacked_there_fails_with_its_traceback(self) -> None:
        (told,) = by_run(ray_engine(Unpackable(), ["a"])).values()
        assert "ValueError: not on this side" in last(told).cause
        assert "\x1b" not in last(told).cause

    def test_closing_ends_the_processes_at_work(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        events = ray_engine(placed, [f"wait {tmp_path / 'pipe'}"])
        process = next(event for event in events if isinstance(event, Epoch)).record["process"]
        events.close()
        assert ended(process)


class Unpackable:
    """Packed without fault, and never unpacked again."""

    def __call__(self, run: Any) -> Any:
        raise AssertionError

    def __reduce__(self) -> Any:
        return _refuse, ()


def _refuse() -> None:
    raise ValueError("not on this side")


@pytest.mark.usefixtures("cluster")
class TestPlace:
    def test_what_a_run_needs_is_provided_first(self) -> None:
        told = by_run(ray_engine(Provider(True), ["a"]))["a"]
        assert [type(event) for event in told] == [Started, Message, Epoch, Epoch, Done]

    def test_what_cannot_be_provided_fails_the_run_in_words(self) -> None:
        told = by_run(ray_engine(Provider(False), ["a"]))["a"]
        assert last(told) == Failed("a", "put the files there by hand")

    def test_a_run_finds_the_surroundings_of_the_driver(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "random.py").write_text("raise SystemExit('not the one you want')")
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        (told,) = by_run(ray_engine(surroundings, ["a"])).values()
        assert last(told).record["threads"] is None
        assert last(told).record["folder"] == str(tmp_path)
        assert last(told).record["random"] != str(tmp_path / "random.py")

    def test_many_runs_are_not_all_handed_over_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        at_once = []

        class Counted(RayScheduler):
            def submit_waiting(self) -> None:
                super().submit_waiting()
                at_once.append(len(self.tasks))

        monkeypatch.setattr("reluctant.engines.ray.RayScheduler", Counted)
        done = sum(isinstance(event, Done) for event in ray_engine(work, range(200)))
        assert done == 200
        assert max(at_once) <= 2 + WAITING_CPUS


@pytest.mark.usefixtures("cluster")
class TestRefusal:
    def test_a_node_with_other_versions_is_named_and_passed_over(
        self, another: Nodes, tmp_path: Path
    ) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            "from importlib import metadata\n"
            "version = metadata.version\n"
            "metadata.version = lambda name: '1.13.1' if name == 'torch' else version(name)\n"
        )
        path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
        odd = another(env_vars={"PYTHONPATH": path})
        pipes = [tmp_path / "one", tmp_path / "two"]
        for pipe in pipes:
            os.mkfifo(pipe)
        said, done = [], []
        for event in ray_engine(placed, [f"wait {pipe}" for pipe in pipes] + ["a", "b"]):
            if isinstance(
                event, Message
            ):  # the node with the free processor has refused; now the others may go on
                said.append(event.text)
                for pipe in pipes:
                    pipe.write_text("go on")
            if isinstance(event, Done):
                done.append(event.record)
        assert len(said) == 1
        assert re.fullmatch(r"node .* has torch 1\.13\.1 instead of 2\..*; nothing is trained there", said[0])
        assert len(done) == 4
        assert raylet(odd) not in {record["raylet"] for record in done}

    def test_where_no_node_fits_the_study_ends_with_the_reasons(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = ray_node.describe_driver()
        here["versions"].update({"Python": "2.7.18", "numba": "0.1"})
        monkeypatch.setattr(ray_node, "describe_driver", lambda: here)
        with pytest.raises(
            StudyError, match=r"no node .*\n  node .* has Python 3.* instead of 2\.7\.18, numba"
        ):
            list(ray_engine(work, ["a", "b"]))

    def test_waiting_for_a_node_is_said(self) -> None:
        waits = "no node of the cluster has them now, so this waits for one"
        events = ray_engine(work, ["a"], gpus_per_run=0.5)
        assert isinstance(next(events), Ready)
        told = next(events)
        events.close()
        assert told == Message(None, f"a run needs 1 processors and 0.5 GPUs; {waits}")


@pytest.mark.usefixtures("cluster")
class TestNodes:
    def test_a_node_that_is_lost_costs_no_number(self, cluster: Any, another: Nodes, tmp_path: Path) -> None:
        """Three nodes: one is removed, its processes killed, in the middle of a run; one comes late."""
        doomed, folder = another(), Folder(tmp_path / "out")
        folder.open(STUDY)
        where: dict[Any, str] = {}
        said, late = [], None
        for event in ray_engine(Placed(TrainingWork(str(folder.path))), list(STUDY.runs())):
            if isinstance(event, Message) and event.text.startswith("raylet "):
                where[event.run] = event.text
            elif isinstance(event, Message):
                said.append(event.text)
            if isinstance(event, Epoch) and late is None and where[event.run] == f"raylet {raylet(doomed)}":
                cluster.remove_node(doomed, allow_graceful=False)
                late = another()
            if isinstance(event, Done):
                folder.keep(event.run, event.record, event.attempts)
        assert late is not None
        assert any("starting again, attempt 2 of 3" in text for text in said)
        assert records(folder.path) == undisturbed()

    def test_a_node_that_comes_late_is_used(self, another: Nodes, tmp_path: Path) -> None:
        pipes = [tmp_path / "one", tmp_path / "two"]
        for pipe in pipes:
            os.mkfifo(pipe)
        late, done = None, {}
        for event in ray_engine(placed, [f"wait {pipe}" for pipe in pipes] + ["a"]):
            if isinstance(event, Epoch) and late is None:
                late = another()
            if isinstance(event, Done):
                done[event.run] = event.record
            if isinstance(event, Done) and event.run == "a":
                for pipe in pipes:
                    pipe.write_text("go on")
        assert done["a"]["raylet"] == raylet(late)
        assert len(done) == 3

    def test_a_study_has_the_records_of_serial(self, tmp_path: Path) -> None:
        reluctant.run(STUDY, tmp_path, engine="ray")
        assert records(tmp_path) == undisturbed()


class TestAddress:
    @pytest.mark.parametrize(
        ("address", "words"),
        [
            (
                NOWHERE,
                f"no Ray cluster answers at {NOWHERE} .*Connection refused.*ray start --head --port 1`",
            ),
            (
                "no.host.of.this.name.invalid:6379",
                "no Ray cluster answers at no.host.of.this.name.invalid:6379",
            ),
            ("ray://host:10001", "'ray://host:10001' is not the address of a Ray cluster; write HOST:6379"),
            ("host", "'host' is not the address of a Ray cluster; write HOST:6379"),
            ("host:99999", "no Ray cluster answers at host:99999"),
        ],
    )
    def test_an_address_without_a_cluster_is_answered_in_a_sentence(self, address: str, words: str) -> None:
        with pytest.raises(StudyError, match=f"^{words}"):
            check_address(address)

    def test_something_else_at_the_address_is_no_cluster(self) -> None:
        with socket.create_server(("127.0.0.2", 0)) as server:
            answering = threading.Thread(target=answer, args=(server,))
            answering.start()
            with pytest.raises(StudyError, match="another program listens there"):
                check_address(f"127.0.0.2:{server.getsockname()[1]}")
            answering.join()

    def test_the_environment_names_the_cluster(self) -> None:
        out = program("list(ray_engine(work, ['a']))", RAY_ADDRESS=NOWHERE)
        assert f"StudyError: no Ray cluster answers at {NOWHERE}" in out.stderr

    def test_without_ray_the_extra_is_named(self) -> None:
        out = program("sys.modules['ray'] = None; list(ray_engine(work, ['a']))")
        assert "StudyError: the engine ray needs Ray" in out.stderr
        assert "pip install 'reluctant[ray]'" in out.stderr

    def test_no_runs_need_no_ray(self) -> None:
        out = program("sys.modules['ray'] = None; print(list(ray_engine(work, [])))")
        assert out.stdout == "[Ready(run=None)]\n"

    def test_a_cluster_is_joined_and_left_alone(self, cluster: Any) -> None:
        code = "print([type(e).__name__ for e in ray_engine(work, ['a'], address=sys.argv[1])])"
        for _ in range(2):
            out = program(code, cluster.address)
            assert out.stdout == "['Ready', 'Started', 'Epoch', 'Epoch', 'Done']\n", out.stderr
            assert out.stderr == ""


def answer(server: socket.socket) -> None:
    """What a web server says to a hello that it does not understand."""
    wire, _ = server.accept()
    with wire:
        wire.recv(1000)
        wire.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def program(code: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """What a program of its own says to this code."""
    imports = "import sys\nfrom reluctant.engines.ray import ray_engine\nfrom tests.engine_work import work\n"
    return subprocess.run(
        [sys.executable, "-c", imports + code, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def alone(end: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.ray_alone", end]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestAlone:
    def test_a_ray_of_our_own_hears_loopback_only_and_leaves_nothing(self) -> None:
        out = alone("close")
        before, after = map(json.loads, out.stdout.splitlines())
        assert before["processes"]
        assert before["listening"]
        assert [where for where in before["listening"] if not where.endswith("0100007F")] == []
        assert before["kept"] == [True]
        assert after["left"] == []
        assert all(ended(int(pid)) for pid in before["processes"])
        assert out.stderr == ""

    def test_a_driver_that_is_killed_takes_its_ray_along(self) -> None:
        """Two helpers of Ray, which do nothing then, take another minute to notice."""
        out = alone("die")
        (before,) = map(json.loads, out.stdout.splitlines())
        names = {int(pid): name for pid, name in before["processes"].items()}
        assert {"raylet", "gcs_server", "ray::run_remote"} <= set(names.values())
        assert all(ended(pid) for pid, name in names.items() if not re.match("ray::(Dash|Runtime)", name))

    @pytest.mark.parametrize(("asked", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_ends_a_study_in_order(self, asked: signal.Signals, status: int, tmp_path: Path) -> None:
        from tests.ray_alone import descendants

        process = start(tmp_path / "out", "--engine", "ray")
        first_lines(process, 1)
        workers = list(descendants(process.pid))
        process.send_signal(asked)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == status, said
        assert "Type the same command again to go on" in said
        assert "Traceback" not in said
        assert all(ended(pid) for pid in workers)
