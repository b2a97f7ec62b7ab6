"""The reasons that the history gives where nobody typed one, and their words."""

from __future__ import annotations

from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.core.labels import METHOD_LABELS
from app.core.vocabulary import Method

BULK, TIMING, MERGE, UNDO, SIGN_OUT, TIMES = "bulk", "timing", "merge", "undo", "sign_out", "times"
LEAVE, MAKE_UP = "leave", "make_up"
REASONS: dict[str, Text] = {
    BULK: lazy("批量登记"),
    TIMING: lazy("场次时间有变,按规则重新判断"),
    MERGE: lazy("合并同一人的两条记录"),
    UNDO: lazy("撤销刚才的登记"),
    SIGN_OUT: lazy("签退"),
    TIMES: lazy("核对到和走的时间"),
    LEAVE: lazy("批准请假"),
    MAKE_UP: lazy("补学"),
}
_REVIEW: Text = lazy("处理需要核对的情况")


def reason_words(reason: str) -> str:
    """What a person typed, as it is; what the software noted, in words; "" for nothing."""
    if reason in REASONS:
        return str(REASONS[reason])
    if reason.startswith("review:"):
        return str(_REVIEW)
    if reason in set(Method):
        return str(_("请假或缺席后到场(%(method)s)", method=METHOD_LABELS[Method(reason)]))
    return reason
