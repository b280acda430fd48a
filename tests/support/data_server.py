"""A server on this machine that gives files, or fails in every way a server can."""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = {"train-images.gz": bytes(range(256)) * 800, "train-labels.gz": b"labels" * 50}
ENDLESS = 2**25  # far more than published, and an end for the case that nobody hangs up


class Misbehaving(BaseHTTPRequestHandler):
    """`/good/FILE` gives the file; every other first step of the path is a way to fail."""

    released = threading.Event()

    def do_GET(self) -> None:
        way, _, name = self.path.lstrip("/").partition("/")
        with suppress(OSError):  # the client hung up, as it should
            getattr(self, f"_{way}")(CONTENT.get(name, b""))
        self.close_connection = True

    def _answer(self, body: bytes, length: int | None, status: int = 200) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def _good(self, body: bytes) -> None:
        self._answer(body, len(body))

    def _unsized(self, body: bytes) -> None:
        self._answer(body, None)

    def _moved(self, body: bytes) -> None:
        self._redirect(self.path.replace("/moved/", "/good/"))

    def _missing(self, body: bytes) -> None:
        self._answer(b"<html>no", None, 404)

    def _down(self, body: bytes) -> None:
        self._answer(b"<html>down", None, 500)

    def _page(self, body: bytes) -> None:
        self._answer(b"<html>please log in", None)

    def _short(self, body: bytes) -> None:
        self._answer(body[: len(body) // 2], len(body))

    def _endless(self, body: bytes) -> None:
        self._answer(body, None)
        for _ in range(ENDLESS // 2**16):
            self.wfile.write(bytes(2**16))

    def _longer(self, body: bytes) -> None:
        self._answer(body + b"!", len(body) + 1)

    def _wrong(self, body: bytes) -> None:
        self._answer(b"x" + body[1:], len(body))

    def _loop(self, body: bytes) -> None:
        self._redirect(self.path)

    def _nowhere(self, body: bytes) -> None:
        self._redirect("http://127.0.0.1:1/")

    def _ftp(self, body: bytes) -> None:
        self._redirect("ftp://127.0.0.1/file")

    def _local(self, body: bytes) -> None:
        self._redirect("file:///etc/hostname")

    def _closes(self, body: bytes) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def _babble(self, body: bytes) -> None:
        self.wfile.write(b"this is no HTTP at all\r\n\r\n")

    def _silent(self, body: bytes) -> None:
        self.released.wait(60)

    def _hesitant(self, body: bytes) -> None:
        self._answer(b"x", None)
        self.released.wait(60)

    def _private(self, body: bytes) -> None:
        right = self.headers.get("Authorization") == f"Basic {base64.b64encode(b'ada:p@ss').decode()}"
        self._answer(body if right else b"", len(body) if right else 0, 200 if right else 401)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the tests' own output is enough."""


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server that lives for this block."""
    Misbehaving.released.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Misbehaving) as served:
        thread = threading.Thread(target=served.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{served.server_address[1]}/"
        finally:
            Misbehaving.released.set()
            served.shutdown()
            thread.join()
