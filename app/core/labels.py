"""The office's words for every enumeration, in the reader's language; one map each, used by all pages."""

from __future__ import annotations

from app.core.i18n import Text, lazy
from app.core.vocabulary import (
    ExcuseReason,
    Group,
    LecturerRole,
    Method,
    OrgKind,
    OrgSector,
    OrgTag,
    Post,
    ReviewKind,
    ReviewState,
    SessionState,
    Status,
)

ORG_KIND_LABELS: dict[OrgKind, Text] = {
    OrgKind.COMMITTEE: lazy("党委"),
    OrgKind.GENERAL_BRANCH: lazy("党总支"),
    OrgKind.BRANCH: lazy("党支部"),
    OrgKind.GROUP: lazy("党小组"),
}

SECTOR_LABELS: dict[OrgSector, Text] = {
    OrgSector.AGENCY: lazy("机关"),
    OrgSector.COMMUNITY: lazy("社区"),
    OrgSector.VILLAGE: lazy("建制村"),
    OrgSector.NON_PUBLIC: lazy("非公有制经济组织"),
    OrgSector.SOCIAL_ORG: lazy("社会组织"),
    OrgSector.PUBLIC_INSTITUTION: lazy("事业单位"),
    OrgSector.SCHOOL: lazy("学校"),
    OrgSector.STATE_ENTERPRISE: lazy("国有企业"),
    OrgSector.RETIRED: lazy("离退休"),
}

TAG_LABELS: dict[OrgTag, Text] = {
    OrgTag.MODEL: lazy("示范支部"),
    OrgTag.GUIDED: lazy("指导支部"),
}

POST_LABELS: dict[Post, Text] = {
    Post.SECRETARY: lazy("书记"),
    Post.DEPUTY_SECRETARY: lazy("副书记"),
    Post.COMMITTEE_MEMBER: lazy("支委委员"),
}

GROUP_LABELS: dict[Group, Text] = {
    Group.ELDERLY: lazy("老年党员"),
    Group.MOBILE: lazy("流动党员"),
    Group.NEW_ORG: lazy("两新组织党员"),
    Group.RURAL: lazy("农村党员"),
    Group.RETIRED: lazy("离退休党员"),
    Group.LOST_CONTACT: lazy("失联党员"),
    Group.EXEMPT: lazy("不作硬性要求"),
}

STATE_LABELS: dict[SessionState, Text] = {
    SessionState.DRAFT: lazy("草稿"),
    SessionState.PUBLISHED: lazy("已发布"),
    SessionState.OPEN: lazy("签到中"),
    SessionState.CLOSED: lazy("已结束"),
    SessionState.CANCELLED: lazy("已取消"),
}

LECTURER_ROLE_LABELS: dict[LecturerRole, Text] = {
    LecturerRole.LECTURER: lazy("讲师"),
    LecturerRole.SPEAKER: lazy("宣讲人"),
    LecturerRole.HOST: lazy("主持人"),
    LecturerRole.REPORTER: lazy("报告人"),
}

STATUS_LABELS: dict[Status, Text] = {
    Status.PRESENT: lazy("到课"),
    Status.LATE: lazy("迟到"),
    Status.LEFT_EARLY: lazy("早退"),
    Status.EXCUSED: lazy("请假"),
    Status.ABSENT: lazy("缺席"),
    Status.MADE_UP: lazy("补学"),
}
# Shown where there is no attendance row; never "absent".
NOT_RECORDED_LABEL: Text = lazy("未登记")

EXCUSE_LABELS: dict[ExcuseReason, Text] = {
    ExcuseReason.OFFICIAL: lazy("公假"),
    ExcuseReason.PERSONAL: lazy("事假"),
    ExcuseReason.SICK: lazy("病假"),
}

METHOD_LABELS: dict[Method, Text] = {
    Method.MEMBER_SCAN: lazy("扫码签到"),
    Method.SHORT_CODE: lazy("数字码签到"),
    Method.STAFF_SCAN: lazy("扫党员卡"),
    Method.STAFF_ENTRY: lazy("工作人员登记"),
    Method.PAPER: lazy("纸质签到"),
    Method.IMPORT: lazy("导入"),
    Method.API: lazy("接口"),
    Method.PRINTED_CODE: lazy("张贴码签到"),
    Method.PERSONAL_LINK: lazy("本人链接签到"),
}

REVIEW_STATE_LABELS: dict[ReviewState, Text] = {
    ReviewState.OPEN: lazy("待核对"),
    ReviewState.FINE: lazy("没问题"),
    ReviewState.NOT_THERE: lazy("不在场"),
}

REVIEW_KIND_LABELS: dict[ReviewKind, Text] = {
    ReviewKind.LATE_TICK: lazy("送到晚了的登记"),
    ReviewKind.SHARED_DEVICE: lazy("几个人共用一部手机"),
    ReviewKind.BURST_AFTER_END: lazy("结束后集中签到"),
    ReviewKind.OVER_HEAD_COUNT: lazy("签到人数多于清点人数"),
    ReviewKind.TWO_PLACES: lazy("同一时间在两处"),
    ReviewKind.WRONG_CLOCK: lazy("手机时间不准"),
}
