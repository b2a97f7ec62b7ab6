"""Several people apply one plan in the same moment: each of its sessions is drafted once."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Flask

from app.core.access import Scope
from app.core.vocabulary import OrgKind
from app.reach.services.applying import Applied, apply_plan
from app.trainings.models import AudienceRule, TrainingSession
from tests.factories import count, make_member, make_org, make_plan_task
from tests.faults.test_cards_at_once import at_once

NOW = datetime(2019, 6, 3, 1, 0, tzinfo=UTC)


def test_a_plan_applied_by_four_at_once_is_drafted_once(app: Flask) -> None:
    with app.app_context():
        branch = make_org("A", make_org("Q", kind=OrgKind.COMMITTEE))
        token = make_plan_task(branch, *[make_member(f"张{n}", branch) for n in range(3)])
        scope = Scope((branch.id,), None)
    done: list[Applied] = []

    def apply() -> None:
        done.append(apply_plan(token, None, scope, NOW, tz=ZoneInfo("Asia/Shanghai")))

    assert at_once(app, [apply] * 4) == []
    assert sorted(one.new for one in done) == [0, 0, 0, 1]
    assert len({tuple(one.sessions.items()) for one in done}) == 1
    with app.app_context():
        assert (count(TrainingSession), count(AudienceRule)) == (1, 3)
