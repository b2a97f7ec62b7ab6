"""A mail server on loopback that takes every mail and keeps it; or breaks off where a test wants it to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class SmtpSink:
    """What was taken. refuses: says no to every mail; loses_answer: takes it, then hangs up wordless."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False
    loses_answer: bool = False

    def talk(self, handler: socketserver.StreamRequestHandler) -> None:
        say = lambda line: handler.wfile.write(f"{line}\r\n".encode())  # noqa: E731
        say("220 sink")
        while line := handler.rfile.readline():
            word = line.split(None, 1)[0].upper()
            if word == b"QUIT":
                say("221 bye")
                return
            if word != b"DATA":
                say("550 no" if word == b"RCPT" and self.refuses else "250 ok")
                continue
            say("354 go on")
            lines = iter(handler.rfile.readline, b".\r\n")
            text = b"".join(each[1:] if each.startswith(b"..") else each for each in lines)
            self.mails.append(message_from_bytes(text, policy=policy.default))  # type: ignore[arg-type]
            if self.loses_answer:
                return
            say("250 taken")


@contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    sink = SmtpSink()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            sink.talk(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
