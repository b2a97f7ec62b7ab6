"""Long work: done once by a worker, told to the one who asked, and none is lost with a worker that dies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.core import tasks
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.tasks import MOST_ATTEMPTS, RUNNERS, LongTask, TaskRun, TaskView
from app.core.vocabulary import OrgKind, Role, TaskState
from tests.factories import count, make_org, make_staff

NOW = datetime(2019, 6, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _runners() -> Iterator[None]:
    before = dict(RUNNERS)
    yield
    RUNNERS.clear()
    RUNNERS.update(before)


def view(token: str, user_id: int | None = None, kind: str = "count") -> TaskView:
    return tasks.task_of(db.session(), token, kind, user_id)


def test_a_task_waits_until_a_worker_does_it_and_keeps_what_came_of_it(ctx: Flask) -> None:
    RUNNERS["count"] = lambda run: {"sum": run.order["a"] + 1}
    token = tasks.start_task("count", {"a": 1}, None, NOW)
    assert view(token).state is TaskState.WAITING
    assert tasks.worker_wanted(db.session(), NOW)
    assert tasks.run_waiting(lambda: NOW) == 1
    assert (view(token).state, view(token).result) == (TaskState.DONE, {"sum": 2})
    assert not tasks.worker_wanted(db.session(), NOW)
    assert tasks.run_waiting(lambda: NOW) == 0


def test_progress_is_seen_while_the_runner_holds_the_write_lock(ctx: Flask) -> None:
    seen: list[tuple[str, int, int]] = []

    def runner(run: TaskRun) -> Mapping[str, Any]:
        with writing():
            run.tell("writing", 0, 10)
            run.tell("writing", 10, 10)
            seen.append((view(run.token).step, view(run.token).done, view(run.token).total))
        return {}

    RUNNERS["count"] = runner
    token = tasks.start_task("count", {}, None, NOW)
    tasks.run_waiting(lambda: NOW)
    assert seen == [("writing", 10, 10)]
    assert view(token).has_ended


def test_a_refusal_keeps_its_words_in_both_languages(ctx: Flask) -> None:
    def runner(run: TaskRun) -> Mapping[str, Any]:
        raise InvalidInput.field("as_of", "future", lazy("日期不能在今天以后。"))

    RUNNERS["count"] = runner
    token = tasks.start_task("count", {}, None, NOW)
    tasks.run_waiting(lambda: NOW)
    assert (view(token).state, view(token).words) == (TaskState.REFUSED, "日期不能在今天以后。")
    with ctx.test_request_context(headers={"Cookie": "lang=en"}):
        assert view(token).words == "The date cannot be after today."


def test_an_unexpected_error_fails_the_task_and_the_next_one_is_done(ctx: Flask) -> None:
    def breaks(run: TaskRun) -> Mapping[str, Any]:
        raise RuntimeError("13900000001")

    RUNNERS["count"] = breaks
    RUNNERS["other"] = lambda run: {}
    first, second = (tasks.start_task(kind, {}, None, NOW) for kind in ("count", "other"))
    assert tasks.run_waiting(lambda: NOW) == 2
    assert view(first).state is TaskState.FAILED
    assert view(second, kind="other").state is TaskState.DONE


def test_what_a_dead_worker_had_begun_is_begun_again(ctx: Flask) -> None:
    RUNNERS["count"] = lambda run: {}
    token = tasks.start_task("count", {}, None, NOW)
    assert tasks._claim(NOW) is not None  # the worker is killed here
    assert view(token).state is TaskState.RUNNING
    assert not tasks.worker_wanted(db.session(), NOW)
    assert tasks.release_lost(NOW) == 1
    assert tasks.worker_wanted(db.session(), NOW)
    assert tasks.run_waiting(lambda: NOW) == 1
    assert view(token).state is TaskState.DONE


def test_a_lease_that_ran_out_is_taken_over(ctx: Flask) -> None:
    RUNNERS["count"] = lambda run: {}
    tasks.start_task("count", {}, None, NOW)
    tasks._claim(NOW)
    assert tasks.run_waiting(lambda: NOW) == 0
    assert tasks.run_waiting(lambda: NOW + tasks.LEASE) == 1


def test_a_worker_that_was_taken_for_dead_does_not_overwrite_its_successor(ctx: Flask) -> None:
    def slow(run: TaskRun) -> Mapping[str, Any]:
        if run.attempt == 1:
            tasks.release_lost(NOW)
            tasks.run_waiting(lambda: NOW)
        return {"attempt": run.attempt}

    RUNNERS["count"] = slow
    token = tasks.start_task("count", {}, None, NOW)
    tasks.run_waiting(lambda: NOW)
    assert (view(token).state, view(token).result) == (TaskState.DONE, {"attempt": 2})


def test_a_task_that_kills_its_worker_each_time_fails_at_last(ctx: Flask) -> None:
    token = tasks.start_task("count", {}, None, NOW)
    for _ in range(MOST_ATTEMPTS):
        tasks._claim(NOW)
        tasks.release_lost(NOW)
    RUNNERS["count"] = lambda run: {"never": True}
    tasks.run_waiting(lambda: NOW)
    assert (view(token).state, view(token).result) == (TaskState.FAILED, {})


def test_nobody_sees_the_task_of_somebody_else(ctx: Flask) -> None:
    root = make_org("Q", kind=OrgKind.COMMITTEE)
    mine, yours = (make_staff(name, Role.ADMINISTRATOR, root).id for name in ("ma", "li"))
    token = tasks.start_task("count", {}, mine, NOW)
    assert view(token, mine).state is TaskState.WAITING
    for user_id, kind in ((yours, "count"), (None, "count"), (mine, "other")):
        with pytest.raises(NotFound):
            view(token, user_id, kind)
    tasks.forget_task(token, yours)
    assert count(LongTask) == 1
    tasks.forget_task(token, mine)
    assert count(LongTask) == 0


def test_old_tasks_are_forgotten(ctx: Flask) -> None:
    tasks.start_task("count", {}, None, NOW)
    assert tasks.forget_old_tasks(NOW + timedelta(hours=23)) == 0
    assert tasks.forget_old_tasks(NOW + timedelta(hours=25)) == 1
    assert count(LongTask) == 0
