"""Bounds how many requests are worked on at a time, however many answers are still on their way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Gate:
    """WSGI middleware: at most `at_once` requests run; the others wait for their turn.

    A turn ends when the answer is made. Its body is read outside, so that a page that listens for
    minutes takes a thread of the server but nobody's turn, and no connection to the database.
    """

    def __init__(self, application: Application, at_once: int) -> None:
        self._application = application
        # A queue of turns rather than a Semaphore: it waits in C, and this is on every request's way.
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(at_once):
            self._turns.put(None)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self._turns.get()
        try:
            return self._application(environ, start_response)
        finally:
            self._turns.put(None)
