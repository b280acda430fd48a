"""Connecting to Ray: addresses without a cluster, and a local Ray that ends with its driver."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reluctant.core.errors import StudyError
from reluctant.engines.ray_connection import check_address
from tests.support.interrupted_study import start_study, wait_for_epochs
from tests.support.processes import descendants, ends
from tests.support.ray_work import run_program

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

NOWHERE = "127.0.0.2:1"  # a port on which nobody listens


class TestAddress:
    @pytest.mark.parametrize(
        ("address", "words"),
        [
            (NOWHERE, f"no Ray cluster answers at {NOWHERE} .*Connection refused.*ray start --head --port 1`"),
            ("no.host.of.this.name.invalid:6379", "no Ray cluster answers at no.host.of.this.name.invalid:6379"),
            ("ray://host:10001", "'ray://host:10001' is not the address of a Ray cluster; write HOST:6379"),
            ("host", "'host' is not the address of a Ray cluster; write HOST:6379"),
            ("host:99999", "no Ray cluster answers at host:99999"),
        ],
    )
    def test_an_address_without_a_cluster_is_an_error(self, address: str, words: str) -> None:
        with pytest.raises(StudyError, match=f"^{words}"):
            check_address(address)

    def test_another_program_at_the_address_is_an_error(self) -> None:
        with socket.create_server(("127.0.0.2", 0)) as server:
            answering = threading.Thread(target=answer, args=(server,))
            answering.start()
            with pytest.raises(StudyError, match="another program listens there"):
                check_address(f"127.0.0.2:{server.getsockname()[1]}")
            answering.join()

    def test_the_environment_variable_gives_the_address(self) -> None:
        out = run_program("list(ray_engine(work, ['a']))", RAY_ADDRESS=NOWHERE)
        assert f"StudyError: no Ray cluster answers at {NOWHERE}" in out.stderr

    def test_without_ray_the_extra_is_named(self) -> None:
        out = run_program("sys.modules['ray'] = None; list(ray_engine(work, ['a']))")
        assert "StudyError: the engine ray needs Ray" in out.stderr
        assert "pip install 'reluctant[ray]'" in out.stderr

    def test_without_runs_ray_is_not_needed(self) -> None:
        out = run_program("sys.modules['ray'] = None; print(list(ray_engine(work, [])))")
        assert out.stdout == "[Ready(run=None)]\n"


def answer(server: socket.socket) -> None:
    """Answer as a web server does to a greeting that it does not understand."""
    connection, _ = server.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def run_local_ray(end: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.support.local_ray_program", end]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestLocalRay:
    def test_a_local_ray_listens_on_loopback_only_and_leaves_nothing(self) -> None:
        out = run_local_ray("close")
        before, after = map(json.loads, out.stdout.splitlines())
        assert before["processes"]
        assert before["listening"]
        assert [address for address in before["listening"] if not address.endswith("0100007F")] == []
        assert before["sigterm_unchanged"] == [True]
        assert after["leftovers"] == []
        assert after["token_mode"] is None, "the next cluster, without tokens, would never answer"
        assert all(ends(int(pid)) for pid in before["processes"])
        assert out.stderr == ""

    def test_a_killed_driver_ends_its_local_ray(self) -> None:
        """All processes end at once but two idle helpers of Ray, which need another minute."""
        out = run_local_ray("die")
        (before,) = map(json.loads, out.stdout.splitlines())
        names = {int(pid): name for pid, name in before["processes"].items()}
        assert {"raylet", "gcs_server", "ray::run_remote"} <= set(names.values())
        assert all(ends(pid) for pid, name in names.items() if not re.match("ray::(Dash|Runtime)", name))

    @pytest.mark.slow
    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_ends_a_study_in_order(self, number: signal.Signals, status: int, tmp_path: Path) -> None:
        process = start_study(tmp_path / "out", "--engine", "ray")
        wait_for_epochs(process, 1)
        workers = list(descendants(process.pid))
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == status, output
        assert "Type the same command again to continue" in output
        assert "Traceback" not in output
        assert all(ends(pid) for pid in workers)
