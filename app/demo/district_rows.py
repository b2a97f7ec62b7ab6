"""Turns the demo district's plain data into rows of the tables of organisations and members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.core.crypto import blind_index, seal
from app.core.vocabulary import Group, OrgKind, OrgSector, Post
from app.demo import words
from app.demo.district import District
from app.demo.people import Person
from app.members.pinyin import name_pinyin

Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Staff:
    """Ids of the demo accounts, and the secretary's branch. supervisor_id None: an account of that name was
    in use before, and sees no more than it did."""

    admin_id: int
    organiser_id: int
    secretary_id: int
    secretary_org_id: int
    supervisor_id: int | None


@dataclass(frozen=True, slots=True)
class Context:
    """What rows need beside their own data."""

    now: datetime
    tz: ZoneInfo
    staff: Staff


def entered_at(district: District) -> datetime:
    """When the roster is said to have been entered: not the clock, so that two loads agree."""
    return datetime(district.year, 1, 2, 1, tzinfo=UTC)


def units(district: District) -> Rows:
    for unit in district.units:
        yield {
            "id": unit.id,
            "code": unit.code,
            "name": unit.name,
            "kind": unit.kind,
            "sector": unit.sector if unit.kind is OrgKind.BRANCH else None,
            "opened_on": district.began_on,
            "created_at": entered_at(district),
        }


def placements(district: District) -> Rows:
    for unit in district.units:
        yield {
            "org_id": unit.id,
            "parent_id": unit.parent_id,
            "path": unit.path,
            "starts_on": district.began_on,
        }


def tags(district: District) -> Rows:
    for unit in district.units:
        for tag in unit.tags:
            yield {"org_id": unit.id, "tag": tag, "starts_on": district.began_on}


def members(district: District) -> Rows:
    for person in district.people:
        pinyin, initials = name_pinyin(person.name)
        yield {
            "id": person.id,
            "name": person.name,
            "pinyin": pinyin,
            "pinyin_initials": initials,
            "sex": person.sex,
            "ethnicity": person.ethnicity,
            "birth_date": person.birth_date,
            "education": person.education,
            "membership_type": person.membership_type,
            "joined_party_on": person.joined_on,
            "confirmed_on": person.confirmed_on,
            "job": person.job,
            "is_migrant_worker": person.is_migrant_worker,
            **_phone(person.phone),
            "created_at": entered_at(district),
            "updated_at": entered_at(district),
        }


def _phone(phone: str | None) -> dict[str, bytes | None]:
    return {
        "phone_sealed": seal(phone, "phone") if phone else None,
        "phone_index": blind_index(phone, "phone") if phone else None,
        "phone_tail_index": blind_index(phone[-4:], "phone_tail") if phone else None,
    }


def memberships(district: District) -> Rows:
    for stay in district.stays:
        yield {
            "member_id": stay.member_id,
            "org_id": stay.org_id,
            "starts_on": stay.starts_on,
            "ends_on": stay.ends_on,
        }


def group_memberships(district: District, context: Context) -> Rows:
    staff = context.staff
    for row in district.in_groups:
        # An exemption takes two people.
        is_exempt = row.group is Group.EXEMPT
        yield {
            "member_id": row.member_id,
            "group_key": row.group,
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "is_in": row.is_in,
            "direction": row.direction,
            "from_place": row.from_place,
            "to_place": row.to_place,
            "approved_by_id": staff.admin_id if is_exempt else None,
            "created_by_id": staff.secretary_id if is_exempt else staff.admin_id,
            "created_at": entered_at(district),
        }


def posts(district: District) -> Rows:
    for row in district.postings:
        yield {
            "member_id": row.member_id,
            "org_id": row.org_id,
            "post": row.post,
            "starts_on": row.starts_on,
        }


def venues() -> Rows:
    for i, (name, address, capacity) in enumerate(words.VENUES, 1):
        yield {"id": i, "name": name, "address": address, "capacity": capacity, "org_id": 1}


def lecturers(district: District) -> Rows:
    """The district's lecturers, then exemplary members: secretaries of the branches their titles name."""
    for i, (name, title) in enumerate(words.LECTURERS, 1):
        yield {"id": i, "name": name, "title": title, "is_exemplar": False, "member_id": None}
    for i, (sector, title) in enumerate(words.EXEMPLARS, len(words.LECTURERS) + 1):
        person = _exemplar(district, OrgSector(sector))
        yield {"id": i, "name": person.name, "title": title, "is_exemplar": True, "member_id": person.id}


def _exemplar(district: District, sector: OrgSector) -> Person:
    inside = {unit.id for unit in district.branches if unit.sector is sector}
    secretaries = (p.member_id for p in district.postings if p.post is Post.SECRETARY and p.org_id in inside)
    return district.people[next(secretaries, 1) - 1]
