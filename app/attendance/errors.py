"""The refusals of check-in, with words for a person in both languages."""

from __future__ import annotations

from app.attendance.rules import RefusalCode
from app.core.errors import AppError
from app.core.i18n import Text, lazy

_WORDS: dict[RefusalCode, tuple[int, Text, Text]] = {
    RefusalCode.CODE_EXPIRED: (
        410,
        lazy("这个二维码已过期"),
        lazy("请再扫一次大屏幕上的新码。"),
    ),
    RefusalCode.CODE_UNKNOWN: (
        404,
        lazy("没有认出这个签到码"),
        lazy("请扫大屏幕上的二维码,或核对六位数字后再输一次。"),
    ),
    RefusalCode.NOT_OPEN: (
        409,
        lazy("还没有开始签到"),
        lazy("请稍等一会儿,开始后再扫一次。"),
    ),
    RefusalCode.CLOSED: (
        409,
        lazy("这场签到已经结束"),
        lazy("如果您到场了,请告诉现场工作人员,他们可以为您补登。"),
    ),
    RefusalCode.CANCELLED: (
        409,
        lazy("这场学习已取消"),
        lazy("请留意新的通知。"),
    ),
    RefusalCode.UNKNOWN_MEMBER: (
        404,
        lazy("没有找到这位党员"),
        lazy("请核对后再试,或请工作人员帮忙。"),
    ),
    RefusalCode.REVOKED: (
        403,
        lazy("这张卡或这部手机的绑定已停用"),
        lazy("请联系党支部重新办理,今天可以请工作人员直接登记。"),
    ),
    RefusalCode.OUT_OF_SCOPE: (
        403,
        lazy("这场学习不在您负责的范围内"),
        lazy("请换用负责这场学习的账号。"),
    ),
    RefusalCode.LOCKED: (
        409,
        lazy("这段时间的记录已锁定"),
        lazy("需要更正时,请联系管理员。"),
    ),
}


class CheckInRefused(AppError):
    """A check-in that was not taken; nothing was stored. `code` is a RefusalCode.

    what_to_do: other words than the usual ones, where the usual advice would not help.
    """

    def __init__(self, refusal: RefusalCode, what_to_do: Text | None = None) -> None:
        self.refusal = refusal
        self.status, self.title, usual = _WORDS[refusal]
        super().__init__(what_to_do if what_to_do is not None else usual, code=refusal.value)
