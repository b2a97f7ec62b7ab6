"""What a plan calls its limits and its steps, and how its figures are defined."""

from __future__ import annotations

from app.core.i18n import Text, lazy
from app.reach.rules import Way

CAPACITY_LABELS: dict[Way, Text] = {
    Way.HOME_VISIT: lazy("一次走访最多几户"),
    Way.GROUP_READING: lazy("集中领学每场人数"),
    Way.IN_PERSON: lazy("现场集中每场人数"),
    Way.NIGHT_SCHOOL: lazy("夜校场地座位"),
    Way.ONLINE: lazy("线上每场人数"),
}
STEPS: dict[str, Text] = {
    "reading": lazy("正在查找还没有覆盖到的党员……"),
    "solving": lazy("正在计算最少的场次……"),
    "laying_out": lazy("正在排出每一场……"),
}
DEFINITIONS: tuple[Text, ...] = (
    lazy(
        "方案覆盖率:应训党员中已经覆盖和能够安排的人数为分母;失联党员、已经转出的党员另列,不在其中。"
        "报表的覆盖率(应训)仍把他们算在分母里。"
    ),
    lazy("下限:不论怎样安排,都不可能少于这个场次数。差距为方案比下限多出的比例。"),
    lazy(
        "流动党员只安排线上;不作硬性要求的党员只安排送学上门,有空位时随同走访,其余单列,可以不排。"
        "送学上门按支部安排,集中领学和现场集中在同一上级之内合并,夜校和线上可以跨支部合并。"
    ),
    lazy("已安排:今天以后的场次已列为应到,或草稿中点名邀请的党员。"),
)
