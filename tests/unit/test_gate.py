"""The gate: a bounded number of requests at a time, and nobody is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.core.gate import Gate


class Application:
    """Counts how many requests it works on at a time; each waits until it is let go."""

    def __init__(self) -> None:
        self.lock, self.now, self.most = threading.Lock(), 0, 0
        self.entered, self.go_on = threading.Semaphore(0), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.entered.release()
        assert self.go_on.wait(20)
        with self.lock:
            self.now -= 1
        if "error" in environ:
            raise ValueError("refused")
        return [b"done"]


def test_no_more_than_allowed_run_at_a_time_and_all_are_answered() -> None:
    application = Application()
    gate = Gate(application, 3)
    with ThreadPoolExecutor(40) as pool:
        answers = [pool.submit(gate, {}, None) for _ in range(200)]
        for _ in range(3):
            assert application.entered.acquire(timeout=20)
        application.go_on.set()
        assert [answer.result(timeout=20) for answer in answers] == [[b"done"]] * 200
    assert application.most == 3


def test_a_request_that_ends_in_an_error_gives_its_turn_back() -> None:
    application = Application()
    application.go_on.set()
    gate = Gate(application, 1)
    for _ in range(3):
        with pytest.raises(ValueError, match="refused"):
            gate({"error": True}, None)
    assert gate({}, None) == [b"done"]


def test_an_answer_that_is_still_read_takes_nobodys_turn() -> None:
    def endless() -> Iterable[bytes]:
        while True:
            yield b"more"

    gate = Gate(lambda _environ, _start: endless(), 1)
    bodies = [iter(gate({}, None)) for _ in range(5)]
    assert [next(body) for body in bodies] == [b"more"] * 5
