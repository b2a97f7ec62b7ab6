"""Plans what the district itself and its committees held in the year, count by count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from math import ceil

from app.core.vocabulary import CountMark, LecturerRole, OrgKind, OrgSector
from app.demo import words
from app.demo.desk import Delegates, Desk
from app.demo.district import District
from app.demo.plan import Course, Declared, Plan, slot
from app.demo.shares import split

CLASS_PERSON_TIMES = 5_297  # of 13,700 members; "nearly 5,300"
READING_CLASSES = 50
SEMINARS = 210
TRADITION_EDUCATION = 90
CLASS_TURNOUT = 0.94
PARTY_SCHOOL, BOOKSHOP, MARKET, EXHIBITION, THEATRE, MEETING_CENTRE = 1, 2, 4, 5, 6, 7
HERITAGE_VENUES = (5, 8, 9, 10, 11, 12)
LECTURERS = range(1, len(words.LECTURERS) + 1)
EXEMPLARS = range(LECTURERS.stop, LECTURERS.stop + len(words.EXEMPLARS))


@dataclass(frozen=True, slots=True)
class ClassSeries:
    """Batches of one class: a date each, whom they are for, and their weight in the person-times."""

    title: str
    sectors: frozenset[OrgSector]
    dates: tuple[tuple[int, int], ...]
    weight: int
    starts: time
    minutes: int
    credited: int


_AGENCIES = frozenset(
    {OrgSector.AGENCY, OrgSector.PUBLIC_INSTITUTION, OrgSector.STATE_ENTERPRISE, OrgSector.SCHOOL}
)
_NEW_ORG = frozenset({OrgSector.NON_PUBLIC, OrgSector.SOCIAL_ORG})
_VILLAGES = frozenset({OrgSector.VILLAGE, OrgSector.COMMUNITY})
SERIES = (
    ClassSeries(
        "村(社区)书记轮训班",
        _VILLAGES,
        ((3, 26), (5, 22), (7, 16), (10, 15), (11, 19)),
        220,
        time(8, 30),
        480,
        390,
    ),
    ClassSeries(
        "机关党务工作者培训班", _AGENCIES, ((4, 10), (6, 12), (9, 4), (11, 6)), 200, time(8, 30), 480, 390
    ),
    ClassSeries("两新党组织书记轮训班", _NEW_ORG, ((4, 24), (8, 14), (10, 30)), 200, time(8, 30), 480, 390),
    ClassSeries(
        "主题教育大课堂", frozenset(OrgSector), ((6, 26), (9, 18), (10, 24), (12, 4)), 700, time(9), 150, 150
    ),
)


def plan_classes(desk: Desk) -> tuple[list[Plan], list[Course]]:
    """Sixteen central trainings of one session each; their attendance adds up to the year's figure."""
    batches = [(series, i) for series in SERIES for i in range(len(series.dates))]
    total = round(CLASS_PERSON_TIMES * desk.scale)
    attended = split(total, [series.weight for series, _ in batches], low=1)
    delegates = {s.title: Delegates(desk, _branches(desk.district, s.sectors)) for s in SERIES}
    # A tiny district may lack people in the sectors that a class is for.
    everyone = Delegates(desk, _branches(desk.district, frozenset(OrgSector)))
    plans, courses = [], []
    for (series, i), count in zip(batches, attended, strict=True):
        title = f"{series.title}(第{'一二三四五'[i]}期)"
        when = slot(date(desk.district.year, *series.dates[i]), series.starts, series.minutes, desk.tz)
        members = delegates[series.title].take(ceil(count / CLASS_TURNOUT), when.day)
        if len(members) < count:
            members = everyone.take(count + 1, when.day)
        courses.append(Course(title, "central_training", 1))
        plans.append(
            Plan(
                title,
                "central_training",
                "in_person",
                1,
                when.day,
                when.starts_at,
                when.ends_at,
                series.credited,
                members=members,
                attended=min(count, len(members)),
                venue=desk.bookings.venue(PARTY_SCHOOL, when.day),
                lecturers=desk.bookings.speakers(when.day, 2),
                course=len(courses),
            )
        )
    return plans, courses


def _branches(district: District, sectors: frozenset[OrgSector]) -> list[int]:
    return [unit.id for unit in district.branches if unit.sector in sectors]


def plan_calendar(desk: Desk) -> list[Plan]:
    """The dated events: contest, model report, opening, drama, findings exchange."""
    contest = tuple((i, LecturerRole.SPEAKER) for i in LECTURERS)
    report = (
        (LECTURERS[0], LecturerRole.HOST),
        *((i, LecturerRole.REPORTER) for i in EXEMPLARS),
        *((i, LecturerRole.LECTURER) for i in LECTURERS[1:3]),
    )
    findings = tuple((i, LecturerRole.SPEAKER) for i in LECTURERS[3:6])
    events = (
        ("基层理论宣讲讲师竞赛", "lecturer_contest", (4, 28), time(9), 180, PARTY_SCHOOL, 260, contest, None),
        ("先进典型事迹报告会", "model_report", (6, 28), time(14, 30), 120, MEETING_CENTRE, 360, report, None),
        (
            "主题教育启动仪式暨现场教学",
            "open_lecture",
            (9, 10),
            time(9),
            150,
            EXHIBITION,
            320,
            (),
            (500, CountMark.NEARLY),
        ),
        ("红色情景剧展演", "drama_show", (9, 11), time(15), 120, THEATRE, 380, (), (600, CountMark.OVER)),
        ("调研成果交流会", "findings_exchange", (11, 4), time(9), 180, MEETING_CENTRE, 150, findings, None),
    )
    everyone = Delegates(desk, _branches(desk.district, frozenset(OrgSector)))
    plans = []
    for title, kind, on, starts, minutes, venue, size, speakers, declared in events:
        when = slot(date(desk.district.year, *on), starts, minutes, desk.tz)
        desk.bookings.engage(range(LECTURERS.start, EXEMPLARS.stop) if speakers else range(0), when.day)
        plans.append(
            Plan(
                title,
                kind,
                "field_teaching" if kind == "open_lecture" else "in_person",
                1,
                when.day,
                when.starts_at,
                when.ends_at,
                minutes,
                members=everyone.take(max(5, round(size * desk.scale)), when.day),
                venue=desk.bookings.venue(venue, when.day),
                lecturers=speakers,
                declared=Declared(max(1, round(declared[0] * desk.scale)), declared[1]) if declared else None,
            )
        )
    return plans


def plan_committees(desk: Desk) -> list[Plan]:
    """Reading classes and seminars of the committees and general branches."""
    hosts = [
        unit.id
        for unit in desk.district.units
        if unit.kind is not OrgKind.BRANCH and desk.roll.below(unit.id)
    ]
    committees = [unit.id for unit in desk.district.committees if desk.roll.below(unit.id)]
    delegates = {host: Delegates(desk, desk.roll.below(host)) for host in hosts}
    plans = []
    for i in range(READING_CLASSES):
        host = (1, *committees)[i % (len(committees) + 1)]
        title = f"“原原本本学”读书班第{i // (len(committees) + 1) + 1}期"
        plans.append(_meeting(desk, delegates[host], host, (title, "reading_class"), 150, 28))
    for i in range(SEMINARS):
        host = hosts[i % len(hosts)] if i % 3 == 0 else committees[i % len(committees)]
        title = words.SEMINARS[i % len(words.SEMINARS)]
        plans.append(_meeting(desk, delegates[host], host, (title, "seminar"), 120, 14))
    return plans


def _meeting(
    desk: Desk, delegates: Delegates, host: int, named: tuple[str, str], minutes: int, size: int
) -> Plan:
    """A committee's meeting of named members; small committees invite fewer."""
    day = desk.diary(host).any_day()
    starts = desk.rng.choice((time(9), time(9, 30), time(14, 30)))
    when = slot(day, starts, minutes, desk.tz)
    count = max(3, min(round(size * desk.rng.uniform(0.7, 1.3)), delegates.posts))
    # The theme-education hall in the bookshop is where reading classes like to meet.
    wanted = BOOKSHOP if named[1] == "reading_class" else MEETING_CENTRE
    return Plan(
        named[0],
        named[1],
        "in_person",
        host,
        day,
        when.starts_at,
        when.ends_at,
        minutes,
        members=delegates.take(count, day),
        venue=desk.bookings.venue(wanted, day) if desk.rng.random() < 0.4 else None,
        lecturers=desk.bookings.speakers(day, 1) if desk.rng.random() < 0.3 else (),
    )


def plan_tradition(desk: Desk) -> list[Plan]:
    """Visits of one or two branches of one committee to places of remembrance."""
    branches = desk.district.branches
    order: list[int] = []
    while len(order) < TRADITION_EDUCATION:
        order += desk.rng.sample(range(len(branches)), len(branches))
    plans = []
    for i in order[:TRADITION_EDUCATION]:
        unit = branches[i]
        beside = branches[i + 1] if i + 1 < len(branches) else unit
        joint = beside.parent_id == unit.parent_id and desk.rng.random() < 0.4
        orgs = tuple(sorted({unit.id, beside.id} if joint else {unit.id}))
        day = desk.diary(unit.id).any_day()
        for org_id in orgs:
            desk.diary(org_id).take(day)
        venue = desk.rng.choice(HERITAGE_VENUES)
        when = slot(day, desk.rng.choice((time(9), time(14))), 150, desk.tz)
        plans.append(
            Plan(
                f"走进{words.VENUES[venue - 1][0]}:革命传统教育",
                "tradition_education",
                "field_teaching",
                unit.id,
                day,
                when.starts_at,
                when.ends_at,
                150,
                orgs=orgs,
                venue=desk.bookings.venue(venue, day),
                lecturers=desk.bookings.speakers(day, 1) if desk.rng.random() < 0.25 else (),
            )
        )
    return plans
