"""The figure study_hours: each member's credited hours of a year against what the rule asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, and_, case, cast, func, or_, select, true
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, HourPolicy, MemberYear, MemberYearKind
from app.attendance.queries.hours import day_minutes, policy_of
from app.attendance.rules import HourRule
from app.core.vocabulary import CENTRAL_KIND, VISIT_MODES, Group, Status
from app.members.models import Member, OrgPost, OrgUnit
from app.reports.queries.coverage import members_of_day
from app.reports.queries.credit import hour_rule
from app.reports.queries.cut import cut_rows
from app.reports.queries.place import Place, counted_in
from app.reports.queries.summaries import are_exact
from app.reports.rules import FIRST_PAGE, Key, Period, Slice, Snapshot, hours_of


@dataclass(frozen=True, slots=True)
class StudyHoursItem:
    """A member's year; hours to the hundredth."""

    member: int
    name: str
    org_code: str
    org_name: str
    groups: tuple[Group, ...]
    has_post: bool
    required_hours: int
    hours: float
    # The part of `hours` that came from make-up study.
    make_up_hours: float
    central_classes: int
    shortfall_hours: float
    # Central trainings that the member's post asks for.
    required_central: int = 0
    # The part of `hours` that was brought to the member: visits (VISIT_MODES).
    home_hours: float = 0.0

    @property
    def lacks(self) -> bool:
        return self.shortfall_hours > 0 or self.central_classes < self.required_central


@dataclass(frozen=True, slots=True)
class StudyHours:
    """Members asked for, in parts by branch code and id; `hours` is the sum of all `count` members."""

    year: int
    count: int
    hours: float
    items: tuple[StudyHoursItem, ...]
    next: Key | None
    rule: HourRule


def study_hours(
    session: Session,
    year: int,
    snapshot: Snapshot,
    place: Place,
    below: bool = False,
    cut: Slice = FIRST_PAGE,
) -> StudyHours:
    """Hours of the year of every member who belongs to the place on the snapshot's day.

    Minutes of rows that count, of any branch, cut to the half-day's cap before and after 12:30 and to
    the day's cap; then hours by the year's rule. Required: the rule's hours of a post holder of that
    day, of a member otherwise, and none of a member without a hard demand (exempt).
    below: only members who still lack hours, or as post holders central trainings.
    Source: domain.md, "Rules that the software computes".
    """
    policy = policy_of(session, year)
    day = members_of_day(snapshot, place)
    credit = _year(session, policy, Period.of_year(year), day, place)
    posts = _post_holders(snapshot)
    has_post = posts.c.member_id.is_not(None)
    required, required_central = _required(policy, day, has_post)
    minutes = func.coalesce(credit.c.minutes, 0)
    classes = func.coalesce(credit.c.classes, 0)
    lacks = or_(minutes < required * policy.minutes_per_hour, classes < required_central)
    joined = (
        day.join(Member, Member.id == day.c.member_id)
        .join(OrgUnit, OrgUnit.id == day.c.org_id)
        .outerjoin(credit, credit.c.member_id == day.c.member_id)
        .outerjoin(posts, posts.c.member_id == day.c.member_id)
    )
    # Totals beside every row: the year is gathered once, not once for them and once for the rows.
    everyone = (
        select(
            day.c.member_id,
            Member.name,
            OrgUnit.code,
            OrgUnit.name.label("org_name"),
            day.c.groups,
            has_post.label("has_post"),
            required.label("required"),
            minutes.label("minutes"),
            func.coalesce(credit.c.made_up, 0).label("made_up"),
            func.coalesce(credit.c.at_home, 0).label("at_home"),
            classes.label("central"),
            required_central.label("required_central"),
            func.count().over().label("all_members"),
            func.sum(minutes).over().label("all_minutes"),
        )
        .select_from(joined)
        .where(lacks if below else true())
        .subquery("everyone")
    )
    rows, following = cut_rows(session, select(everyone), (everyone.c.code, everyone.c.member_id), cut)
    items = tuple(_item(row, policy.minutes_per_hour) for row in rows)
    after = (items[-1].org_code, items[-1].member) if following else None
    count, all_minutes = (rows[0].all_members, rows[0].all_minutes) if rows else (0, 0)
    hours = hours_of(int(all_minutes), policy.minutes_per_hour)
    return StudyHours(year, count, hours, items, after, hour_rule(policy))


def _required(policy: HourPolicy, day: Any, has_post: Any) -> tuple[Any, Any]:
    """Hours and central trainings that the rule asks of a member."""
    is_exempt = day.c.groups.bitwise_and(Group.EXEMPT.bit) != 0
    return (
        case((is_exempt, 0), (has_post, policy.post_hours), else_=policy.member_hours),
        case((is_exempt, 0), (has_post, policy.post_central_classes), else_=0),
    )


def year_hours(session: Session, year: int, snapshot: Snapshot, place: Place) -> float:
    """`hours` of `study_hours` alone, without its list."""
    policy = policy_of(session, year)
    day = members_of_day(snapshot, place)
    credit = _year(session, policy, Period.of_year(year), day, place)
    query = select(func.sum(credit.c.minutes)).where(credit.c.member_id.in_(select(day.c.member_id)))
    return hours_of(int(session.scalar(query) or 0), policy.minutes_per_hour)


def _item(row: Any, minutes_per_hour: int) -> StudyHoursItem:
    hours = hours_of(int(row.minutes), minutes_per_hour)
    return StudyHoursItem(
        member=row.member_id,
        name=row.name,
        org_code=row.code,
        org_name=row.org_name,
        groups=Group.from_bits(row.groups),
        has_post=bool(row.has_post),
        required_hours=row.required,
        hours=hours,
        make_up_hours=hours_of(int(row.made_up), minutes_per_hour),
        central_classes=row.central,
        shortfall_hours=round(max(0.0, row.required - hours), 2),
        required_central=row.required_central,
        home_hours=hours_of(int(row.at_home), minutes_per_hour),
    )


def _year(session: Session, policy: HourPolicy, year: Period, day: Any, place: Place) -> Any:
    """Subquery (member_id, minutes, made_up, at_home, classes): from the summaries, or counted."""
    if are_exact(session, year):
        return _summed(year.first.year)
    credit, central = _credit(policy, year, day, place), _central(year)
    return (
        select(*credit.c, central.c.classes)
        .outerjoin(central, central.c.member_id == credit.c.member_id)
        .subquery("counted_year")
    )


def _summed(year: int) -> Any:
    """Subquery (member_id, minutes, made_up, at_home, classes): `_credit` and `_central`, kept ready."""
    central = MemberYearKind
    return (
        select(
            MemberYear.member_id,
            MemberYear.credited_minutes.label("minutes"),
            MemberYear.made_up_minutes.label("made_up"),
            MemberYear.home_minutes.label("at_home"),
            (central.class_person_times + central.single_sessions).label("classes"),
        )
        .outerjoin(
            central,
            and_(
                central.year == year,
                central.member_id == MemberYear.member_id,
                central.kind_key == CENTRAL_KIND,
            ),
        )
        .where(MemberYear.year == year)
        .subquery("credit")
    )


def _credit(policy: HourPolicy, year: Period, day: Any, place: Place) -> Any:
    """Subquery (member_id, minutes, made_up, at_home): a year's minutes after both caps."""
    # A filter that lets everyone through costs as much as the year's sums do.
    of_day = true() if place.is_everything else Attendance.member_id.in_(select(day.c.member_id))
    days = (
        select(
            Attendance.member_id,
            day_minutes(policy).label("minutes"),
            day_minutes(policy, Attendance.status == Status.MADE_UP).label("made_up"),
            day_minutes(policy, Attendance.mode_key.in_(VISIT_MODES)).label("at_home"),
        )
        .where(*counted_in(year), of_day)
        .group_by(Attendance.member_id, Attendance.office_date)
        .subquery("days")
    )
    return (
        select(
            days.c.member_id,
            cast(func.sum(days.c.minutes), Integer).label("minutes"),
            cast(func.sum(days.c.made_up), Integer).label("made_up"),
            cast(func.sum(days.c.at_home), Integer).label("at_home"),
        )
        .group_by(days.c.member_id)
        .subquery("credit")
    )


def _central(year: Period) -> Any:
    """Subquery (member_id, classes): central trainings of a year, a session without a class being one."""
    training = func.coalesce(Attendance.class_id, -Attendance.session_id)
    return (
        select(Attendance.member_id, func.count(training.distinct()).label("classes"))
        .where(*counted_in(year), Attendance.kind_key == CENTRAL_KIND)
        .group_by(Attendance.member_id)
        .subquery("central")
    )


def _post_holders(snapshot: Snapshot) -> Any:
    return (
        select(OrgPost.member_id)
        .where(OrgPost.starts_on <= snapshot.on, OrgPost.ends_on > snapshot.on)
        .distinct()
        .subquery("posts")
    )
