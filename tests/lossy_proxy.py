"""A proxy that passes every request on and loses some of the answers, as a bad network does."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


class LossyProxy:
    """Passes whole HTTP messages; of `loss` of the answers nothing or only a part gets back.

    The choice is a seeded series, so that a run loses the same share of answers each time.
    """

    def __init__(self, target: str, loss: float, seed: int = 1) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._loss = loss
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.passed = self.lost = 0

    def serve(self) -> None:
        """Take connections until closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def close(self) -> None:
        # Closing alone would leave the thread in `accept`.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pass_on(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self._target, 60) as server:
            while True:
                request = _message(client)
                if not request:
                    return
                server.sendall(request)
                answer = _message(server)
                kept = self._kept(len(answer))
                client.sendall(answer[:kept])
                if kept < len(answer):
                    # A reset, not an orderly end: what lies on the way is lost as well.
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return

    def _kept(self, length: int) -> int:
        """How much of an answer gets through: all, or nothing or a part of one that is lost."""
        with self._lock:
            if self._random.random() >= self._loss:
                self.passed += 1
                return length
            self.lost += 1
            return self._random.choice([0, self._random.randrange(length)])


def _message(connection: socket.socket) -> bytes:
    """One request or answer with its body; empty when the other side has ended."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65_536)
        if not part:
            return b""
        received += part
    head, body = received.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, value = line.split(b":", 1)
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        part = connection.recv(65_536)
        if not part:
            return b""
        body += part
    return head + b"\r\n\r\n" + body


@contextmanager
def lossy_proxy(target: str, loss: float) -> Iterator[LossyProxy]:
    """The proxy before the server at `target`, until the block ends."""
    proxy = LossyProxy(target, loss)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
