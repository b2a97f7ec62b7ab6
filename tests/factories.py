"""Small makers of rows for tests; each writes and commits, so that any connection sees it.

Many inside one `writing()` are one commit: several times as fast.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.core.crypto import blind_index, new_token, seal, token_hash
from app.core.db import db, writing
from app.core.vocabulary import (
    FOREVER,
    Group,
    Method,
    OrgKind,
    OrgSector,
    Role,
    SessionState,
    Status,
)

LONG_AGO = date(2000, 1, 1)
NOW = datetime(2019, 6, 3, 1, 0, tzinfo=UTC)  # 9 o'clock in the office


def make_org(
    code: str,
    parent: Any = None,
    *,
    name: str | None = None,
    kind: OrgKind = OrgKind.BRANCH,
    sector: OrgSector | None = None,
    starts_on: date = LONG_AGO,
) -> Any:
    from app.members.models import OrgPlacement, OrgUnit

    with writing() as session:
        unit = OrgUnit(code=code, name=name or f"组织{code}", kind=kind, sector=sector, created_at=NOW)
        session.add(unit)
        session.flush()
        above = "/"
        if parent is not None:
            above = session.scalars(
                select(OrgPlacement.path).where(
                    OrgPlacement.org_id == parent.id, OrgPlacement.ends_on == FOREVER
                )
            ).one()
        session.add(
            OrgPlacement(
                org_id=unit.id,
                parent_id=parent.id if parent is not None else None,
                path=f"{above}{unit.id}/",
                starts_on=starts_on,
            )
        )
    return unit


def make_member(
    name: str,
    org: Any,
    *,
    birth_date: date | None = date(1985, 5, 5),
    phone: str | None = None,
    starts_on: date = LONG_AGO,
    pinyin: str = "zhangsan",
    initials: str = "zs",
) -> Any:
    from app.members.models import Member, Membership

    with writing() as session:
        member = Member(
            name=name,
            pinyin=pinyin,
            pinyin_initials=initials,
            birth_date=birth_date,
            created_at=NOW,
            updated_at=NOW,
        )
        if phone:
            member.phone_sealed = seal(phone, "phone")
            member.phone_index = blind_index(phone, "phone")
            member.phone_tail_index = blind_index(phone[-4:], "phone_tail")
        session.add(member)
        session.flush()
        session.add(Membership(member_id=member.id, org_id=org.id, starts_on=starts_on))
    return member


def put_in_group(
    member: Any, group: Group, *, starts_on: date = LONG_AGO, ends_on: date = FOREVER, **more: Any
) -> None:
    from app.members.models import GroupMembership

    with writing() as session:
        session.add(
            GroupMembership(
                member_id=member.id, group=group, starts_on=starts_on, ends_on=ends_on, created_at=NOW, **more
            )
        )


def make_session(
    host: Any,
    *,
    title: str = "学习",
    kind: str = "theme_day",
    mode: str = "in_person",
    starts_at: datetime = NOW,
    minutes: int = 120,
    state: SessionState = SessionState.CLOSED,
    **more: Any,
) -> Any:
    """A session as it stands in `state`; use the services where the way there matters."""
    from app.trainings.models import TrainingSession

    ends_at = starts_at + timedelta(minutes=minutes)
    with writing() as session:
        row = TrainingSession(
            title=title,
            kind_key=kind,
            mode_key=mode,
            state=state,
            host_org_id=host.id,
            starts_at=starts_at,
            ends_at=ends_at,
            office_date=(starts_at + timedelta(hours=8)).date(),
            opens_at=starts_at - timedelta(minutes=30),
            closes_at=ends_at + timedelta(minutes=30),
            credited_minutes=more.pop("credited_minutes", minutes),
            code_secret=b"s" * 32,
            created_at=NOW,
            updated_at=NOW,
            **more,
        )
        session.add(row)
        session.flush()
    return row


def attend(session_row: Any, member: Any, *, status: Status = Status.PRESENT, **more: Any) -> None:
    """An attendance row with the member's branch and groups of the session's date."""
    from app.attendance.models import Attendance
    from app.members.queries.as_of import standing_of

    with writing() as session:
        standing = standing_of(session, member.id, session_row.office_date, 60)
        assert standing is not None
        session.add(
            Attendance(
                session_id=session_row.id,
                member_id=member.id,
                status=status,
                method=more.pop("method", Method.STAFF_ENTRY),
                occurred_at=session_row.starts_at,
                received_at=session_row.starts_at,
                is_held=session_row.state == SessionState.CLOSED,
                office_date=session_row.office_date,
                kind_key=session_row.kind_key,
                mode_key=session_row.mode_key,
                class_id=session_row.class_id,
                minutes=session_row.credited_minutes,
                morning_minutes=more.pop("morning_minutes", session_row.credited_minutes),
                org_id=standing.org_id,
                groups=standing.groups,
                **more,
            )
        )


def make_staff(username: str, role: Role, org: Any) -> Any:
    """A staff user without a usable password; sign in with `sign_in`, or `make_token` for the API."""
    from app.accounts.models import RoleGrant, StaffUser

    with writing() as session:
        user = StaffUser(username=username, display_name=username, password_hash="!", created_at=NOW)
        user.grants = [RoleGrant(role=role, org_id=org.id)]
        session.add(user)
        session.flush()
    return user


def make_account(username: str) -> Any:
    """A staff user without any role."""
    from app.accounts.models import StaffUser

    with writing() as session:
        user = StaffUser(username=username, display_name=username, password_hash="!", created_at=NOW)
        session.add(user)
        session.flush()
    return user


def make_instructor(
    name: str, *orgs: Any, user: Any = None, starts_on: date = LONG_AGO, ends_on: date = FOREVER
) -> Any:
    """An instructor of the units for these days."""
    from app.accounts.models import Instructor, InstructorAssignment

    with writing() as session:
        row = Instructor(name=name, user_id=user.id if user else None, created_at=NOW)
        session.add(row)
        session.flush()
        for org in orgs:
            session.add(
                InstructorAssignment(
                    instructor_id=row.id, org_id=org.id, starts_on=starts_on, ends_on=ends_on
                )
            )
    return row


def make_team(name: str, *orgs: Any, starts_on: date = LONG_AGO, ends_on: date = FOREVER) -> Any:
    """A supervision team of the units for these days."""
    from app.accounts.models import SupervisionTeam, TeamAssignment

    with writing() as session:
        row = SupervisionTeam(name=name, created_at=NOW)
        session.add(row)
        session.flush()
        for org in orgs:
            session.add(TeamAssignment(team_id=row.id, org_id=org.id, starts_on=starts_on, ends_on=ends_on))
    return row


def make_official(
    team: Any, name: str, *, user: Any = None, starts_on: date = LONG_AGO, ends_on: date = FOREVER
) -> Any:
    """An official of the team for these days."""
    from app.accounts.models import TeamOfficial

    with writing() as session:
        row = TeamOfficial(
            team_id=team.id,
            name=name,
            user_id=user.id if user else None,
            starts_on=starts_on,
            ends_on=ends_on,
        )
        session.add(row)
        session.flush()
    return row


def make_token(user: Any) -> str:
    """A bearer token of the user for the API."""
    from app.accounts.models import ApiToken

    token = new_token()
    with writing() as session:
        session.add(ApiToken(user_id=user.id, token_hash=token_hash(token), created_at=NOW))
    return token


def sign_in(client: FlaskClient, user: Any) -> FlaskClient:
    """Sign the client in as the user, as the sign-in page does once the password was right."""
    from app.accounts.models import StaffLogin

    token = new_token()
    with writing() as session:
        session.add(
            StaffLogin(
                user_id=user.id,
                token_hash=token_hash(token),
                created_at=datetime.now(UTC),
                expires_at=datetime.now(UTC) + timedelta(hours=12),
            )
        )
    with client.session_transaction() as cookie:
        cookie["login"] = token
    return client


def count(model: Any) -> int:
    """Rows in a table."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0
