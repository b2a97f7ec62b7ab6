"""The written definition of every figure, shown beside it and under every export."""

from __future__ import annotations

from app.core.i18n import Text, lazy

DEFINITIONS: dict[str, Text] = {
    "sessions": lazy("场次:期间内已举办(已结束、未取消)的场次,按主办单位计;只上报了人数的场次也计入。"),
    "classes": lazy("班次:期间内有场次举办的培训班次个数。"),
    "person_times": lazy(
        "人次:到课、迟到、早退、补学的记录,每人每场计一次,按场次当日所在支部计入。人次不能代替覆盖率。"
    ),
    "class_person_times": lazy("班次人次:同一班次中每人只计一次。"),
    "members": lazy("人数:上述人次背后去重后的党员人数。"),
    "minutes": lazy("分钟:各场次计入的学习分钟之和,未按半日、全日上限折减;学时以个人学时表为准。"),
    "declared_person_times": lazy("上报人次:没有名单、只上报人数的场次所报人数,单列,不并入人次。"),
    "groups": lazy(
        "各类有交叉,合计已去重。分类行的场次、班次为该类党员到过的场次、班次;上报人次没有名单,不分类别。"
    ),
    "host_and_member": lazy("场次按主办单位计,人次按党员所在支部计,两者的范围可以不同。"),
    "coverage": lazy(
        "覆盖率(全体)= 期间内至少有一次到课或补学的党员人数 ÷ 当日党员人数;不论到课时在哪个支部。"
    ),
    "required_coverage": lazy("覆盖率(应训)= 同上,分子分母均不含“不作硬性要求”的党员。"),
    "lost_contact": lazy("失联党员留在总数中,单列一行。"),
    "overlap": lazy("各类有交叉,合计已去重。"),
    "uncovered": lazy("未覆盖:当日党员中,期间内没有任何到课或补学记录的人。建议方式按类别给出,仅供参考。"),
    "study_hours": lazy(
        "学时:全年计入的学习分钟,按半日、全日上限折减后换算,保留两位小数。补学含在已修之内。"
    ),
    "required_hours": lazy(
        "要求:当日任书记、副书记、支委的党员按任职要求,其他党员按一般要求;不作硬性要求的党员为 0。"
    ),
    "required_central": lazy(
        "要求集中培训:当日任书记、副书记、支委的党员全年至少参加的次数;其他党员和不作硬性要求的党员为 0。"
    ),
    "central_classes": lazy("集中培训次数:参加过的集中培训班次数;不属于班次的集中培训按场计。"),
    "duties": lazy("按支部主办且已举办的场次计;党小组举办的计入其所属支部。"),
    "duty_rate": lazy(
        "达标:按月、按季、按年各至少一次。支部存续满一期且该期已结束才列入应办;未结束的期次办了即计,没办不算欠。"
    ),
    "corrections": lazy("更正记录:期间内场次的登记每一次改动,最近的在前;支部为场次当日所在支部。"),
    "adjustments": lazy(
        "锁定后调整:月份或年份锁定以后才发现的更正,单列于报表之下,不计入任何数字;解锁时才作为更正计入。"
    ),
    "ledger": lazy("每行一个班次,不属于班次的场次单独成行。应到、实到为去重人数,实到不含补学;人次含补学。"),
}


def notes(*keys: str) -> tuple[Text, ...]:
    """The definitions under a table, in order."""
    return tuple(DEFINITIONS[key] for key in keys)
