"""Tells at once when this process is asked to stop, whatever its server does with the signal."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable

STOP = (signal.SIGTERM, signal.SIGINT)


def when_stopping(act: Callable[[], None]) -> None:
    """Call `act` in a thread of its own when the process gets SIGTERM or SIGINT.

    The server installs its own handlers later and waits for open answers to end; Python writes each
    signal's number to the wakeup socket beside calling them. Signals belong to the main thread: called
    in another, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    told, signals = socket.socketpair()
    signals.setblocking(False)
    signal.set_wakeup_fd(signals.fileno(), warn_on_full_buffer=False)

    def wait() -> None:
        # `signals` is held here: closed, it would take the descriptor with it.
        while signals.fileno() >= 0 and (number := told.recv(1)):
            if number[0] in STOP:
                act()

    threading.Thread(target=wait, name="stopping", daemon=True).start()
