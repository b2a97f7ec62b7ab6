"""What the script of a round's page says, in the reader's language; the page carries it along."""

from __future__ import annotations

from typing import Any

from app.core.i18n import gettext as _
from app.core.labels import EXCUSE_LABELS, STATUS_LABELS


def round_words() -> dict[str, Any]:
    """Sentences by the names that static/js/rounds.js knows them by; {n} and the like are filled in there."""
    return {
        "online": _("有网络"),
        "offline": _("没有网络"),
        "sending": _("正在传…"),
        "all_sent": _("登记都已传到。"),
        "waiting": _("登记存在这部手机里,马上会传。"),
        "waiting_offline": _("登记存在这部手机里。回到有网络的地方,请打开这一页,登记就会传。"),
        "not_open": _("这一场还没有开始签到。登记存在这部手机里,开始后请再打开这一页,登记就会传。"),
        "nothing_yet": _("没有网络也能登记。回到有网络的地方,请打开这一页,登记就会传。"),
        "locked_name": _("打开名单后显示姓名"),
        "gone_name": _("姓名已从手机上删去"),
        "somebody": _("其他人"),
        "taken_at": _("{time} 带走的名单"),
        "until": _("{n} 人 · {time} 之前可以打开"),
        "drop_ask": _("归还后,这份名单会从手机上删去。归还吗?"),
        "drop_ask_look": _(
            "这份名单还有 {n} 条要看一看。归还后,名单和这些提示都会从手机上删去,请先看完。现在归还吗?"
        ),
        "drop_later": _("还有 {n} 条没有传,传完才能归还。"),
        "pin_digits": _("密码是六位数字。"),
        "pin_wrong": _("密码不对。还可以试 {n} 次,之后姓名会从手机上删去。"),
        "left": _("(还有 {n} 人)"),
        "row_waiting": _("待传"),
        "row_sent": _("已传"),
        "row_look": _("要看一看"),
        "sent_before": _("这一条可能已经传到,不能在手机上改。请联网后在场次的名单上改。"),
        "not_kept": _("手机没有存下这一条,可能是存储已满。请清理一些空间后再点一次,或先记在纸上。"),
        "list_gone": _("这份名单已不在这部手机上,这一条没有记下。请重新带一份名单,或先记在纸上。"),
        "gone": {
            "over": _("这份名单已经到期,姓名打不开了。请联网打开这一页:姓名会删去,还没有传的登记会传。"),
            "expired": _("这份名单已经到期,姓名已从这部手机上删去。还没有传的登记,联网打开这一页就会传。"),
            "revoked": _(
                "这份名单已被停用,姓名已从这部手机上删去。还没有传的登记,联网打开这一页就会传,等人确认。"
            ),
            "misses": _("密码错了太多次,姓名已从这部手机上删去。还没有传的登记,联网打开这一页就会传。"),
        },
        "troubles": _troubles(),
        "outcomes": _outcomes(),
        "statuses": {key.value: str(label) for key, label in STATUS_LABELS.items()},
        "reasons": {key.value: str(label) for key, label in EXCUSE_LABELS.items()},
    }


def _troubles() -> dict[str, str]:
    """What kept the ticks from being sent, by the answer's status."""
    return {
        "network": _("没有连上。登记都在这部手机里,这一页开着,过一会儿会再传。"),
        "server": _("服务器暂时没有收下。登记都在这部手机里,这一页开着,过一会儿会再传。"),
        "429": _("传得太频繁了。登记都在这部手机里,这一页开着,过几分钟会再传。"),
        "404": _("服务器上没有这份名单。登记还在这部手机里,请不要归还,带手机去找组织者。"),
        "422": _("服务器没有认出手机传的内容。登记还在这部手机里,请联网刷新这一页后再传。"),
    }


def _outcomes() -> dict[str, str]:
    """What a person should know of a tick that did not simply go into the ledger."""
    return {
        "conflict": _(
            "{by}已登记为“{found}”({time}),您记的是“{status}”({noted})。请和对方核对,要改请在场次的名单上改。"
        ),
        "needs_review": _("已经传到。这一场已结束或名单已停用,您记的“{status}”({noted})等组织者确认。"),
        "cancelled": _("这一场已取消,没有登记。您记的是“{status}”({noted}),需要时请告诉组织者。"),
        "unknown_member": _("名单上没有这位党员,没有登记。您记的是“{status}”({noted}),请告诉组织者。"),
        "other": _("没有登记。您记的是“{status}”({noted}),请在场次的名单上补登。"),
    }
