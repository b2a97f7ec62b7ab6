"""Tells open pages what changes, by server-sent events: one thread asks for all of them.

A page listens to a topic (the id of a session). Once a second the broadcaster asks, in a fixed number
of queries, what all topics that somebody listens to say now and which sign-ins still hold; it wakes the
streams of the topics that changed, and ends those of sign-ins that do not hold any more. A stream waits
in memory only. It ends after a minute and the browser comes again, so that who may see what is decided
in one place: by the request.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakSet, WeakValueDictionary

import structlog

log = structlog.get_logger(__name__)
PERIOD_SECONDS = 1.0
# Asking takes a tenth of one processor at most: what takes longer is asked less often.
MOST_OF_THE_TIME = 0.1
# A peer that is gone is noticed when something is written to it; and the page, which is told of events
# and of no comments, notices when nothing comes any more.
HEARTBEAT_SECONDS = 15.0
BEAT = b"event: beat\ndata: 1\n\n"
# Not all at once: two hundred pages that opened together come again one by one.
LASTS_SECONDS = (45.0, 75.0)
RETRY_MS = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """What each topic says now (a topic that is gone is missing), and the sign-ins that still hold."""

    texts: Mapping[int, str]
    holding: Collection[bytes]


Ask = Callable[[Collection[int], Collection[bytes]], Answer]


class _Topic:
    """The last word on a topic; `number` counts the changes."""

    def __init__(self, lock: threading.Lock) -> None:
        self.changed = threading.Condition(lock)
        self.text = ""
        self.number = 0


class Listener:
    """One page's ear on a topic; whoever lets go of it has left."""

    def __init__(self, topic_id: int, topic: _Topic, login: bytes) -> None:
        self.topic_id = topic_id
        self.login = login
        self._topic = topic
        self._heard = 0
        self.has_ended = False

    def next(self, seconds: float) -> str | None:
        """What the topic says, as soon as it is news; None when there is none for so long, or it ended."""
        topic = self._topic
        with topic.changed:
            topic.changed.wait_for(lambda: self.has_ended or topic.number != self._heard, seconds)
            if self.has_ended or topic.number == self._heard:
                return None
            self._heard = topic.number
            return topic.text

    def end(self) -> None:
        """With the broadcaster's lock held."""
        self.has_ended = True
        self._topic.changed.notify_all()


class Broadcaster:
    """The listeners of this process, at most `limit`. Its thread runs while there are any."""

    def __init__(self, ask: Ask, limit: int, *, runs_itself: bool = True) -> None:
        self._ask = ask
        self._limit = limit
        self._runs_itself = runs_itself
        self._lock = threading.Lock()
        # Weak: a stream that is dropped unread, by whatever accident, gives its place back.
        self._listeners: WeakSet[Listener] = WeakSet()
        self._topics: WeakValueDictionary[int, _Topic] = WeakValueDictionary()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._has_stopped = False
        self._in_trouble = False

    def listen(self, topic_id: int, login: bytes) -> Listener | None:
        """A new listener; None when there is no room, or the process is stopping."""
        with self._lock:
            if self._has_stopped or len(self._listeners) >= self._limit:
                return None
            topic = self._topics.get(topic_id)
            if topic is None:
                topic = self._topics[topic_id] = _Topic(self._lock)
                self._hurry.set()
            listener = Listener(topic_id, topic, login)
            self._listeners.add(listener)
            if self._runs_itself and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
            return listener

    def leave(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)

    @property
    def listening(self) -> int:
        with self._lock:
            return len(self._listeners)

    def stop(self) -> None:
        """End every stream and take no more."""
        with self._lock:
            self._has_stopped = True
            for listener in list(self._listeners):
                listener.end()
        self._hurry.set()

    def round(self) -> None:
        """Ask once, and tell. While the database cannot be asked, the streams wait."""
        with self._lock:
            asked = list(self._listeners)
        try:
            answer = self._ask({each.topic_id for each in asked}, {each.login for each in asked})
        except Exception:
            if not self._in_trouble:
                log.exception("live_trouble")
            self._in_trouble = True
            return
        self._in_trouble = False
        with self._lock:
            self._tell(asked, answer)

    def _tell(self, asked: list[Listener], answer: Answer) -> None:
        for listener in asked:
            if listener.topic_id not in answer.texts or listener.login not in answer.holding:
                listener.end()
        for topic_id, text in answer.texts.items():
            topic = self._topics.get(topic_id)
            if topic is not None and topic.text != text:
                topic.text = text
                topic.number += 1
                topic.changed.notify_all()

    def _run(self) -> None:
        while True:
            self._hurry.clear()
            started = time.monotonic()
            self.round()
            took = time.monotonic() - started
            # A short rest in any case: many who come in one moment are answered by one round.
            time.sleep(max(0.1, took))
            self._hurry.wait(max(PERIOD_SECONDS, took / MOST_OF_THE_TIME) - took)
            with self._lock:
                if not self._listeners or self._has_stopped:
                    self._thread = None
                    return


class EventStream:
    """The body of an answer of type text/event-stream, for one listener."""

    def __init__(
        self, broadcaster: Broadcaster, listener: Listener, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._broadcaster = broadcaster
        self._listener = listener
        self._clock = clock
        self._until = clock() + random.uniform(*LASTS_SECONDS)  # noqa: S311  spreads load, guards nothing
        self._has_begun = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._has_begun:
            self._has_begun = True
            return f"retry: {RETRY_MS}\n\n".encode()
        rest = self._until - self._clock()
        text = self._listener.next(min(HEARTBEAT_SECONDS, rest)) if rest > 0 else None
        if rest <= 0 or self._listener.has_ended:
            self.close()
            raise StopIteration
        return f"data: {text}\n\n".encode() if text is not None else BEAT

    def close(self) -> None:
        """The page has gone, or the stream has ended."""
        self._broadcaster.leave(self._listener)
