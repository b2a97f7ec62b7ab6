"""Bodies of members, their transfers, groups and bound phones."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
    Choice,
    Day,
    Identifier,
    Items,
    Part,
    Query,
    Said,
    Text,
    Truth,
    Whole,
)
from app.core.vocabulary import Group


class MembersQuery(Query):
    org = Text(40, blank=True)
    group = Choice(Group)
    q = Text(
        80,
        blank=True,
        metadata={"description": "姓名、拼音、首字母或手机尾号 · name, pinyin, initials or phone tail"},
    )
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class MemberBody(Body):
    name = Text(80, required=True)
    org_code = Text(40, required=True)
    starts_on = Day(allow_none=True)
    phone = Text(40, allow_none=True, blank=True)
    surname_pinyin = Text(20, allow_none=True, blank=True)
    sex = Text(4, allow_none=True, blank=True)
    ethnicity = Text(20, allow_none=True, blank=True)
    birth_date = Day(allow_none=True)
    education = Text(40, allow_none=True, blank=True)
    membership_type = Text(20, allow_none=True, blank=True)
    joined_party_on = Day(allow_none=True)
    confirmed_on = Day(allow_none=True)
    job = Text(100, allow_none=True, blank=True)
    social_stratum = Text(60, allow_none=True, blank=True)
    is_migrant_worker = Truth(allow_none=True)


class MemberChangesBody(MemberBody):
    """Left out: as it is. null: blank."""

    name = Text(80)

    class Meta(MemberBody.Meta):
        exclude = ("org_code", "starts_on")


class TransferBody(Body):
    org_code = Text(40, required=True)
    accepted_on = Day(required=True)


class GroupSpanBody(Body):
    from_ = Day(required=True, data_key="from")
    to = Day(
        allow_none=True,
        metadata={"description": "不再属于该类的第一天,可不填 · the first day outside; left out: open"},
    )
    is_in = Truth(load_default=True)
    direction = Text(3, metadata={"enum": ["in", "out"]})
    from_place = Text(100, allow_none=True, blank=True)
    to_place = Text(100, allow_none=True, blank=True)
    host_org_code = Text(40, allow_none=True, blank=True)


class MemberAnswer(Answer):
    id = Identifier()
    name = Said()
    org_code = Said(allow_none=True)
    groups = Items(Choice(Group))
    phone_masked = Said(allow_none=True)


class MembersAnswer(Answer):
    items = Items(Part(MemberAnswer))
    next = Said(allow_none=True)


class MemberDetailAnswer(MemberAnswer):
    surname_pinyin = Said(allow_none=True)
    sex = Said(allow_none=True)
    ethnicity = Said(allow_none=True)
    birth_date = Day(allow_none=True)
    education = Said(allow_none=True)
    membership_type = Said(allow_none=True)
    joined_party_on = Day(allow_none=True)
    confirmed_on = Day(allow_none=True)
    job = Said(allow_none=True)
    social_stratum = Said(allow_none=True)
    is_migrant_worker = Truth(allow_none=True)


class BindingAnswer(Answer):
    member_token = Said()
