"""The words for visits, wishes and groups as members and those who serve them read them."""

from __future__ import annotations

from app.core.i18n import Text, lazy
from app.core.vocabulary import Group, RequestState
from app.members.rules_visits import Fault, Need
from app.members.rules_wishes import About

NEED_LABELS: dict[Need, Text] = {
    Need.LARGE_PRINT: lazy("带大字材料"),
    Need.SPEAK_UP: lazy("说话大声些"),
    Need.SIGN_LANGUAGE: lazy("用手语"),
    Need.STAIRS: lazy("要爬楼,没有电梯"),
    Need.DIALECT: lazy("说方言"),
    Need.NOTHING: lazy("没有特别要准备的"),
}

FAULT_WORDS: dict[Fault, Text] = {
    Fault.ID_NUMBER: lazy("这里不能写身份证号,系统从不保存。请删去。"),
    Fault.PHONE: lazy("电话号码请写在资料的“手机号码”一栏,这里不要写。"),
    Fault.MEDICAL: lazy("请不要写病情或身体状况,只写上门时用得到的。"),
}

ABOUT_LABELS: dict[About, Text] = {
    About.NAME: lazy("姓名"),
    About.PHONE: lazy("手机号码"),
    About.BIRTH_DATE: lazy("出生日期"),
    About.BRANCH: lazy("所在党支部"),
    About.GROUPS: lazy("党员分类"),
    About.ATTENDANCE: lazy("学习记录"),
    About.OTHER: lazy("其他"),
}

# To the member: whoever asked reads these, too.
REQUEST_STATE_LABELS: dict[RequestState, Text] = {
    RequestState.OPEN: lazy("等待支部答复"),
    RequestState.DONE: lazy("已改正"),
    RequestState.DECLINED: lazy("没有改"),
}

# What belonging to a group means for the member. lost_contact has no words: it is never shown to the member.
OWN_GROUP_WORDS: dict[Group, tuple[Text, Text]] = {
    Group.ELDERLY: (lazy("老年党员"), lazy("可以请支部送学上门,不必赶到现场。")),
    Group.MOBILE: (lazy("流动党员"), lazy("在外地时可以线上学习。")),
    Group.NEW_ORG: (lazy("两新组织党员"), lazy("可以参加夜校和就近的学习点。")),
    Group.RURAL: (lazy("农村党员"), lazy("支部会组织集中领学。")),
    Group.RETIRED: (lazy("离退休党员"), lazy("按离退休党支部的安排学习。")),
    Group.EXEMPT: (lazy("不作硬性要求"), lazy("可在家学习,支部会送学上门。")),
}
