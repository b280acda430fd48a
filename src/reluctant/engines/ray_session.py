"""A connection to Ray: to a cluster that runs already, or to one started here for as long as it is needed."""

import importlib
import logging
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reluctant.core.errors import StudyError

ANSWER = 5.0  # seconds within which a cluster's address must answer
STORE = 128 * 2**20  # bytes for records under way; the runs need nothing of Ray's object store
SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])  # the first frame of both sides of HTTP/2: empty, of kind 4
QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}


@contextmanager
def connected(ray: Any, address: str | None, processors: int) -> Iterator[bool]:
    """Be connected to Ray; whether it is a cluster that outlives this connection.

    A connection that is open already is used and left open. Raises `StudyError` where nobody answers.
    """
    if ray.is_initialized():
        yield True
        return
    with _set(
        "ray._private.worker", "_worker_logs_enabled", False
    ):  # it would print what dies, into the table
        if address is None or address == "local":
            with _started(ray, processors):
                yield False
        else:
            with _joined(ray, address):
                yield True


@contextmanager
def _started(ray: Any, processors: int) -> Iterator[None]:
    """A Ray of our own: loopback only, no dashboard, no reports to anyone, its files deleted at the end."""
    short = "/tmp" if Path("/tmp").is_dir() else None  # sockets lie in it, and their names may not be long
    with tempfile.TemporaryDirectory(prefix="ray-", dir=short, ignore_cleanup_errors=True) as folder:
        try:
            # without this Ray puts the machine's own address in the place of loopback on Linux
            with _signals_kept(), _set("ray._private.ray_constants", "ENABLE_RAY_CLUSTER", False):
                ray.init(
                    address="local",
                    num_cpus=processors,
                    include_dashboard=False,
                    object_store_memory=STORE,
                    _node_ip_address="127.0.0.1",
                    _temp_dir=folder,
                    **QUIET,
                )
            yield
        finally:
            ray.shutdown(wait_for_processes=True)


@contextmanager
def _joined(ray: Any, address: str) -> Iterator[None]:
    """Be connected to a cluster, or say in a sentence why not."""
    if address != "auto":
        knock(address)
        if not _services().find_node_ids():
            raise StudyError(
                f"this machine is no part of the cluster at {address}; join it first with "
                f"`ray start --address {address}` (and --num-cpus 0, if nothing shall be trained here)"
            )
    try:
        with _signals_kept(), _set("ray._private.ray_constants", "NUM_REDIS_GET_RETRIES", 1):
            ray.init(address=address, **QUIET)
    except Exception as fault:  # Ray raises whatever comes: RuntimeError, ConnectionError, its own
        ray.shutdown()
        raise StudyError(f"the Ray cluster at {address} cannot be used: {_one_line(fault)}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _one_line(fault: Exception) -> str:
    return " ".join(str(fault).split())


def _services() -> Any:
    return importlib.import_module("ray._private.services")


def knock(address: str) -> None:
    """Make sure that something like Ray listens there; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if "/" in address or not host or not port.isdecimal():
        raise StudyError(f"{address!r} is no address of a Ray cluster; write HOST:6379")
    try:
        reason = _greet(host.strip("[]"), int(port))
    except (OSError, OverflowError) as fault:
        reason = str(fault)
    if reason:
        raise StudyError(
            f"no Ray cluster answers at {address} ({reason}); start one there with "
            f"`ray start --head --port {port}`, or leave the address out"
        )


def _greet(host: str, port: int) -> str:
    """Say hello as HTTP/2 does, which Ray speaks; what is wrong with the answer, empty where nothing is."""
    where = _services().resolve_ip_for_localhost(host)  # Ray listens on one address of a machine, not on all
    with socket.create_connection((where, port), ANSWER) as wire:
        wire.settimeout(ANSWER)
        wire.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS)
        answer = wire.recv(len(SETTINGS))
    return "" if answer[3:4] == SETTINGS[3:4] else "something else listens there"


@contextmanager
def _set(module: str, name: str, value: object) -> Iterator[None]:
    """One of Ray's own settings, for a while; where a version has none of that name, nothing happens."""
    where = importlib.import_module(module)
    before = getattr(where, name, None)
    setattr(where, name, value)
    try:
        yield
    finally:
        setattr(where, name, before)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself when it connects; it is ours to answer."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
