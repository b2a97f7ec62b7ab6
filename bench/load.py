"""A client that keeps many connections busy from one thread, costing little beside what it measures."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field

Answer = tuple[int, bytes]  # status and body
# One person's requests in turn: yields the bytes of a request, is sent the answer.
Visit = Generator[bytes, Answer, None]


@dataclass
class Load:
    """What came of it. Latencies in seconds, in the order in which the answers came."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    # When each answer came, in seconds since the start.
    moments: list[float] = field(default_factory=list)
    seconds: float = 0.0
    visits: int = 0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which `share` of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


class _Connection:
    """One keep-alive connection and the visit under way on it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.visit: Visit | None = None
        self.received = b""
        self.asked_at = 0.0

    def ask(self, request: bytes) -> None:
        self.received, self.asked_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> Answer | None:
        """The answer, once it is whole."""
        chunk = self.socket.recv(1 << 16)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self.received += chunk
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        lower = head.lower()
        at = lower.find(b"content-length:")
        if at >= 0:
            length = int(lower[at + 15 :].split(b"\r\n", 1)[0])
            if len(body) < length:
                return None
        elif not body.endswith(b"0\r\n\r\n"):
            return None
        return int(head[9:12]), body


def run(address: tuple[str, int], visits: Iterable[Visit], connections: int) -> Load:
    """Take the visits over `connections` at a time until none is left."""
    waiting: Iterator[Visit] = iter(visits)
    selector, load = selectors.DefaultSelector(), Load()
    started = time.perf_counter()

    def begin(link: _Connection) -> bool:
        for visit in waiting:
            link.visit = visit
            link.ask(next(visit))
            return True
        return False

    busy = 0
    for _ in range(connections):
        link = _Connection(address)
        if begin(link):
            selector.register(link.socket, selectors.EVENT_READ, link)
            busy += 1
    while busy:
        for key, _events in selector.select():
            link = key.data
            answer = link.read()
            if answer is None:
                continue
            now = time.perf_counter()
            load.latencies.append(now - link.asked_at)
            load.moments.append(now - started)
            load.statuses[answer[0]] = load.statuses.get(answer[0], 0) + 1
            try:
                assert link.visit is not None
                link.ask(link.visit.send(answer))
            except StopIteration:
                load.visits += 1
                if not begin(link):
                    selector.unregister(link.socket)
                    link.socket.close()
                    busy -= 1
    load.seconds = time.perf_counter() - started
    return load


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request; names of headers with _ for -."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
