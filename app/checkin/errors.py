"""The refusals of a kiosk, with words for the person who stands before it."""

from __future__ import annotations

from app.core.errors import NotFound, TooManyTries
from app.core.i18n import lazy


class KioskOver(NotFound):
    """The device is no kiosk, or no longer: ended, over, or whoever set it up may not record any more."""

    code = "kiosk_over"
    title = lazy("这个签到台已停用")
    advice = lazy("请用手机扫大屏幕上的码,或请工作人员登记。")


class TooManySearches(TooManyTries):
    """Searches that led to no check-in: the list of members is not for reading through."""

    advice = lazy("查找次数太多,请过几分钟再试。现在可以刷卡、用手机扫码,或请工作人员登记。")
