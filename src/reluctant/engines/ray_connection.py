"""A connection to Ray: to a running cluster, or to a Ray that is started here for as long as it is needed."""

import atexit
import importlib
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reluctant.core.errors import StudyError

CONNECT_SECONDS = 5.0  # within which a cluster's address must answer
DISCONNECT_SECONDS = 10.0  # that Ray has to leave a cluster
OBJECT_STORE_BYTES = 128 * 2**20  # for records in transit; the runs need nothing of Ray's object store
SETTINGS_FRAME = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])  # both sides of HTTP/2 begin with it: empty, of type 4
TOKEN_VARIABLE = "RAY_AUTH_MODE"
TOKEN_SETUP = "ray._private.authentication.authentication_token_setup"
QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}


@contextmanager
def connect(ray: Any, address: str | None, cpus: int) -> Iterator[bool]:
    """Connect to Ray; the value says whether that Ray outlives this connection.

    A connection that is already open is used and left open. `StudyError` if no cluster answers at the address.
    """
    if ray.is_initialized():
        yield True
        return
    # otherwise Ray prints the errors of dead workers into the table of progress
    with _override_setting("ray._private.worker", "_worker_logs_enabled", False), _restore_token_mode():
        if address is None or address == "local":
            with _start_local_ray(ray, cpus):
                yield False
        else:
            with _join_cluster(ray, address):
                yield True


@contextmanager
def _start_local_ray(ray: Any, cpus: int) -> Iterator[None]:
    """A Ray of our own: loopback only, no dashboard, no usage reports, its files deleted at the end."""
    short = "/tmp" if Path("/tmp").is_dir() else None  # its sockets' paths must not be long
    with tempfile.TemporaryDirectory(prefix="ray-", dir=short, ignore_cleanup_errors=True) as folder:
        try:
            # otherwise Ray replaces loopback by the machine's own address on Linux
            loopback = _override_setting("ray._private.ray_constants", "ENABLE_RAY_CLUSTER", False)
            with _preserve_sigterm(), loopback:
                ray.init(
                    address="local",
                    num_cpus=cpus,
                    include_dashboard=False,
                    object_store_memory=OBJECT_STORE_BYTES,
                    _node_ip_address="127.0.0.1",
                    _temp_dir=folder,
                    **QUIET,
                )
            yield
        finally:
            ray.shutdown(wait_for_processes=True)


@contextmanager
def _join_cluster(ray: Any, address: str) -> Iterator[None]:
    if address != "auto":
        check_address(address)
        if not _ray_services().find_node_ids():
            raise StudyError(
                f"this machine is not a node of the cluster at {address}; join it first with "
                f"`ray start --address {address}` (and --num-cpus 0, if nothing shall be trained here)"
            )
    try:
        one_try = _override_setting("ray._private.ray_constants", "NUM_REDIS_GET_RETRIES", 1)
        with _preserve_sigterm(), one_try:
            try:
                ray.init(address=address, **QUIET)
            except Exception:
                if not _use_token():
                    raise
                ray.shutdown()
                ray.init(address=address, **QUIET)
    except Exception as error:  # Ray raises RuntimeError, ConnectionError or errors of its own
        ray.shutdown()
        reason = " ".join(str(error).split())
        raise StudyError(f"the Ray cluster at {address} cannot be used: {reason}") from None
    try:
        yield
    finally:
        _disconnect(ray)


def _disconnect(ray: Any) -> None:
    """Leave a cluster. Where its head is frozen, Ray would wait for it now, and crash when this process ends."""
    leaving = threading.Thread(target=ray.shutdown, daemon=True)
    leaving.start()
    leaving.join(DISCONNECT_SECONDS)
    if leaving.is_alive():
        atexit.register(_end_process)  # the last one registered is called first


def _end_process() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(2)  # as after any error that a user can mend; the true status is not known here


def _use_token() -> bool:
    """Whether from now on the token of this machine's user is sent and asked for, as some clusters do (Ray 2.60)."""
    try:
        setup = importlib.import_module(TOKEN_SETUP)
        has_token = setup.AuthenticationTokenLoader.instance().has_token(ignore_auth_mode=True)
        if TOKEN_VARIABLE in os.environ or not has_token:
            return False
        setup._enable_token_auth()
    except (ImportError, AttributeError):  # a version without tokens
        return False
    return True


@contextmanager
def _restore_token_mode() -> Iterator[None]:
    """Afterwards Ray asks for tokens or not, as before: a local Ray does, and would hang on the next cluster."""
    before = os.environ.get(TOKEN_VARIABLE)
    try:
        yield
    finally:
        if os.environ.get(TOKEN_VARIABLE) != before:
            os.environ.pop(TOKEN_VARIABLE)
            setup = importlib.import_module(TOKEN_SETUP)
            setup.AuthenticationTokenLoader.instance().reset_cache()
            setup.Config.initialize("")


def check_address(address: str) -> None:
    """Raise `StudyError` unless something like Ray listens at an address; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if "/" in address or not host or not port.isdecimal():
        raise StudyError(f"{address!r} is not the address of a Ray cluster; write HOST:6379")
    try:
        ip = _ray_services().resolve_ip_for_localhost(host.strip("[]"))  # Ray listens on one address of a machine
        reason = "" if speaks_http2(ip, int(port)) else "another program listens there"
    except (OSError, OverflowError) as error:
        reason = str(error)
    if reason:
        raise StudyError(
            f"no Ray cluster answers at {address} ({reason}); start one there with "
            f"`ray start --head --port {port}`, or leave the address out"
        )


def speaks_http2(host: str, port: int) -> bool:
    """Whether a server answers as HTTP/2, the protocol of Ray; `OSError` where it does not answer at all."""
    with socket.create_connection((host, port), CONNECT_SECONDS) as connection:
        connection.settimeout(CONNECT_SECONDS)
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS_FRAME)
        answer = connection.recv(len(SETTINGS_FRAME))
    return answer[3:4] == SETTINGS_FRAME[3:4]


def _ray_services() -> Any:
    return importlib.import_module("ray._private.services")


@contextmanager
def _override_setting(module: str, name: str, value: object) -> Iterator[None]:
    """Give one of Ray's internal settings another value for a while; versions without it ignore that."""
    namespace = importlib.import_module(module)
    before = getattr(namespace, name, None)
    setattr(namespace, name, value)
    try:
        yield
    finally:
        setattr(namespace, name, before)


@contextmanager
def _preserve_sigterm() -> Iterator[None]:
    """Restore our handler of SIGTERM, which Ray replaces when it connects."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
