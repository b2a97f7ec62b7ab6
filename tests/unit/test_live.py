"""The broadcaster: whoever listens is told what changed, once, and nobody else is woken."""

from __future__ import annotations

import gc
import threading
from collections.abc import Collection

from app.core.live import BEAT, HEARTBEAT_SECONDS, LASTS_SECONDS, Answer, Broadcaster, EventStream, Listener

ME, YOU = b"me", b"you"


class Ledger:
    """What would be in the database, and what was asked of it."""

    def __init__(self) -> None:
        self.texts, self.holding = {1: "one", 2: "two"}, {ME, YOU}
        self.asked: list[tuple[set[int], set[bytes]]] = []
        self.is_down = False

    def __call__(self, topics: Collection[int], logins: Collection[bytes]) -> Answer:
        self.asked.append((set(topics), set(logins)))
        if self.is_down:
            raise OSError("no database")
        return Answer({topic: self.texts[topic] for topic in topics if topic in self.texts}, self.holding)


def room(limit: int = 10) -> tuple[Ledger, Broadcaster]:
    """A broadcaster that asks when the test says so."""
    ledger = Ledger()
    return ledger, Broadcaster(ledger, limit, runs_itself=False)


def listener(broadcaster: Broadcaster, topic: int = 1, login: bytes = ME) -> Listener:
    found = broadcaster.listen(topic, login)
    assert found is not None
    return found


def test_everybody_who_listens_is_told_by_one_question() -> None:
    ledger, broadcaster = room()
    pages = [listener(broadcaster), listener(broadcaster, 1, YOU), listener(broadcaster, 2)]
    broadcaster.round()
    assert [page.next(0) for page in pages] == ["one", "one", "two"]
    assert ledger.asked == [({1, 2}, {ME, YOU})]


def test_only_what_changed_is_told_again() -> None:
    ledger, broadcaster = room()
    first, second = listener(broadcaster, 1), listener(broadcaster, 2)
    broadcaster.round()
    assert (first.next(0), second.next(0)) == ("one", "two")
    ledger.texts[1] = "one more"
    broadcaster.round()
    assert (first.next(0), second.next(0)) == ("one more", None)


def test_who_comes_later_is_told_what_is_known_without_another_question() -> None:
    ledger, broadcaster = room()
    kept = listener(broadcaster)
    broadcaster.round()
    assert (listener(broadcaster).next(0), kept.next(0)) == ("one", "one")
    assert len(ledger.asked) == 1


def test_a_waiting_page_is_woken() -> None:
    ledger, broadcaster = room()
    page = listener(broadcaster)
    broadcaster.round()
    page.next(0)
    heard: list[str | None] = []
    waiting = threading.Thread(target=lambda: heard.append(page.next(20)))
    waiting.start()
    ledger.texts[1] = "news"
    broadcaster.round()
    waiting.join(20)
    assert heard == ["news"]


def test_a_sign_in_that_is_over_ends_its_own_pages_only() -> None:
    ledger, broadcaster = room()
    mine, yours = listener(broadcaster), listener(broadcaster, login=YOU)
    ledger.holding = {YOU}
    broadcaster.round()
    assert (mine.has_ended, yours.has_ended) == (True, False)


def test_a_session_that_is_gone_ends_its_pages() -> None:
    ledger, broadcaster = room()
    page = listener(broadcaster)
    del ledger.texts[1]
    broadcaster.round()
    assert page.has_ended


def test_a_database_that_is_away_ends_nobody_and_is_asked_again() -> None:
    ledger, broadcaster = room()
    page = listener(broadcaster)
    ledger.is_down = True
    broadcaster.round()
    broadcaster.round()
    assert (page.has_ended, page.next(0)) == (False, None)
    ledger.is_down = False
    broadcaster.round()
    assert page.next(0) == "one"


def test_no_more_pages_than_allowed_listen_and_a_place_comes_free() -> None:
    _ledger, broadcaster = room(limit=2)
    first, second = listener(broadcaster), listener(broadcaster)
    assert broadcaster.listen(1, ME) is None
    broadcaster.leave(first)
    listener(broadcaster)
    assert not second.has_ended


def test_a_page_that_is_dropped_unread_gives_its_place_back() -> None:
    _ledger, broadcaster = room(limit=1)
    stream = EventStream(broadcaster, listener(broadcaster))
    assert broadcaster.listen(1, ME) is None
    del stream
    gc.collect()
    assert broadcaster.listen(1, ME) is not None


def test_a_process_that_stops_ends_every_page_and_takes_no_more() -> None:
    _ledger, broadcaster = room()
    page = listener(broadcaster)
    broadcaster.stop()
    assert page.has_ended
    assert broadcaster.listen(1, ME) is None


def test_the_thread_asks_at_once_and_ends_when_nobody_listens() -> None:
    ledger = Ledger()
    broadcaster = Broadcaster(ledger, 10)
    page = listener(broadcaster)
    assert page.next(20) == "one"
    [thread] = [each for each in threading.enumerate() if each.name == "live"]
    broadcaster.stop()
    thread.join(20)
    assert not thread.is_alive()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_stream_tells_when_to_come_back_and_then_each_change() -> None:
    ledger, broadcaster = room()
    stream = EventStream(broadcaster, listener(broadcaster))
    broadcaster.round()
    assert [next(stream), next(stream)] == [b"retry: 1000\n\n", b"data: one\n\n"]
    ledger.texts[1] = "more"
    broadcaster.round()
    assert next(stream) == b"data: more\n\n"


def test_a_stream_without_news_shows_that_it_lives() -> None:
    _ledger, broadcaster = room()
    heard = listener(broadcaster)
    waited: list[float] = []

    def nothing(seconds: float) -> None:
        waited.append(seconds)

    heard.next = nothing  # type: ignore[method-assign, assignment]
    stream = EventStream(broadcaster, heard, Clock())
    assert [next(stream), next(stream)] == [b"retry: 1000\n\n", BEAT]
    assert waited == [HEARTBEAT_SECONDS]


def test_a_stream_ends_after_a_minute_or_so_and_leaves() -> None:
    _ledger, broadcaster = room()
    clock = Clock()
    stream = EventStream(broadcaster, listener(broadcaster), clock)
    next(stream)
    clock.now += LASTS_SECONDS[1]
    assert list(stream) == []
    assert broadcaster.listening == 0


def test_a_page_that_was_ended_hears_nothing_more() -> None:
    ledger, broadcaster = room()
    stream = EventStream(broadcaster, listener(broadcaster))
    next(stream)
    ledger.holding = set()
    broadcaster.round()
    assert list(stream) == []
