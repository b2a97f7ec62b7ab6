"""The one error family: services raise it, and it becomes a response here, once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from app.core.db import let_go
from app.core.i18n import Text, gettext, lazy
from app.core.storage import RETRY_AFTER_SECONDS, storage_trouble, trouble_name

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is the request's own name for it."""

    field: str
    code: str
    detail: Text


class AppError(Exception):
    """A refusal with a stable machine code, an HTTP status and words for a person."""

    status = 400
    code = "bad_request"
    title: Text = lazy("请求无法处理")
    advice: Text | None = None

    def __init__(
        self, detail: Text | None = None, *, code: str | None = None, errors: Sequence[FieldError] = ()
    ) -> None:
        self.detail: Text = detail if detail is not None else self.title
        self.code = code or self.code
        self.errors = tuple(errors)
        super().__init__(self.code)

    @property
    def words(self) -> str:
        """What happened and what to do, for a place that has room for one line."""
        if self.detail is self.title:
            return str(self.title)
        return str(gettext("%(title)s。%(detail)s", title=self.title, detail=self.detail))


class InvalidInput(AppError):
    """Some fields cannot be taken; `errors` names each one."""

    status = 422
    code = "invalid_input"
    title = lazy("有内容需要修改")

    @classmethod
    def field(cls, field: str, code: str, detail: Text) -> InvalidInput:
        return cls(detail, errors=[FieldError(field, code, detail)])


class NotFound(AppError):
    """Nothing there, or nothing that this user may see: the two are not told apart."""

    status = 404
    code = "not_found"
    title = lazy("没有找到这一页")
    advice = lazy("它可能已被移走,或不在您负责的范围内。")


class WrongState(AppError):
    """The thing is there, but not in a state that allows this step."""

    status = 409
    code = "wrong_state"
    title = lazy("现在还不能这样做")


class PeriodLocked(WrongState):
    """The thing belongs to a month or year whose figures stand still."""

    code = "locked"
    title = lazy("这段时间已锁定")


class TooMuch(AppError):
    """More is asked for than one answer should hold."""

    status = 413
    code = "too_much"
    title = lazy("一次要的太多了")


class NotSignedIn(AppError):
    status = 401
    code = "not_signed_in"
    title = lazy("请先登录")


class Forbidden(AppError):
    """Signed in, but no role of this user allows the step anywhere."""

    status = 403
    code = "forbidden"
    title = lazy("您的角色不能使用这一页")


class TooManyTries(AppError):
    status = 429
    code = "too_many_tries"
    title = lazy("尝试次数过多")
    advice = lazy("请过几分钟再试,或请工作人员帮忙。")


class Unavailable(AppError):
    """The database can take or give nothing just now; a try in a moment may work."""

    status = 503
    code = "unavailable"
    title = lazy("现在读不到数据")
    advice = lazy("系统正在恢复,请过一会儿再试。")


class NotStored(Unavailable):
    """The same for a request that was to store something."""

    title = lazy("现在存不进去")
    # Not "nothing was stored": whether a commit went through is unknown when its connection is lost.
    advice = lazy("这一次没有确认记下。请过一会儿再试;签到可以重复提交,不会多记,也可以请工作人员登记在纸上。")


class NoCookies(AppError):
    """The browser keeps nothing between two pages, so no form of ours can know it again."""

    status = 400
    code = "no_cookies"
    title = lazy("这个浏览器没有让网页记住您")
    advice = lazy("在学习现场时,也可以告诉工作人员,他们能直接为您登记,效果完全一样。")

    def __init__(self) -> None:
        super().__init__(
            lazy("什么都没有保存。请换手机自带的浏览器打开,或在浏览器的设置里允许 Cookie,再试一次。")
        )


def wants_json() -> bool:
    """Whether the caller is a program: the API, an event source, or a request that accepts JSON only."""
    if request.path.startswith("/api/") or request.path in ("/healthz", "/metrics"):
        return True
    if "text/event-stream" in request.accept_mimetypes.values():
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and "text/html" not in request.accept_mimetypes.values()


def problem(status: int, code: str, title: Text, detail: Text, errors: Sequence[FieldError] = ()) -> Response:
    """An RFC 9457 answer. `request_id` lets support find the log line; no personal data is in it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": str(title),
        "status": status,
        "detail": str(detail),
        "code": code,
        "request_id": g.get("request_id", ""),
    }
    if errors:
        body["errors"] = [{"field": e.field, "code": e.code, "detail": str(e.detail)} for e in errors]
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def _page(status: int, title: Text, detail: Text, advice: Text | None, again: str = "") -> tuple[str, int]:
    """The page of a refusal; `again`: an address worth another try."""
    shell = "base.html" if g.get("staff") else "member_base.html"
    context = {"shell": shell, "status": status, "title": title, "detail": detail, "advice": advice}
    return render_template("errors/problem.html", **context, again=again), status


def _answer_app_error(error: AppError) -> Any:
    if wants_json():
        return problem(error.status, error.code, error.title, error.detail, error.errors)
    if isinstance(error, NotSignedIn):
        from app.core.access import sign_in_redirect

        return sign_in_redirect()
    return _page(error.status, error.title, error.detail, error.advice)


_HTTP_WORDS: dict[int, tuple[str, Text, Text]] = {
    400: ("bad_request", lazy("请求无法处理"), lazy("请返回上一页再试一次。")),
    404: ("not_found", NotFound.title, lazy("它可能已被移走,或不在您负责的范围内。")),
    405: ("method_not_allowed", lazy("这个地址不能这样使用"), lazy("请从首页重新进入。")),
    413: ("too_large", lazy("上传的内容太大"), lazy("请减小文件后再试。")),
    415: ("unsupported_media_type", lazy("内容格式不对"), lazy("请使用 JSON 格式。")),
}


def _answer_http_error(error: HTTPException) -> Any:
    if error.code is not None and error.code < 400:
        return error
    status = error.code or 500
    fallback = ("http_error", lazy("请求无法处理"), lazy("请返回上一页再试一次。"))
    code, title, advice = _HTTP_WORDS.get(status, fallback)
    # For a host that is not ours no address can be built, and so no page.
    if wants_json() or isinstance(error, SecurityError):
        response = problem(status, code, title, advice)
        allow = dict(error.get_headers()).get("Allow")
        if allow:
            response.headers["Allow"] = allow
        return response
    return _page(status, title, advice, None)


def _answer_csrf_error(error: CSRFError) -> Any:
    title, detail = (
        lazy("页面停留太久了"),
        lazy("为了安全,请返回上一页刷新后再提交一次。您填写的内容没有保存。"),
    )
    if not request.cookies and not wants_json():
        # The page that showed the form has set one: trying again would only lead here again.
        return _answer_app_error(NoCookies())
    if wants_json():
        return problem(400, "csrf", title, detail)
    return _page(400, title, detail, None)


def _answer_unavailable(refused: Unavailable) -> Response:
    """Says whether reading or storing did not work, and when to try again."""
    from app.core.access import safe_next

    advice = refused.advice or ""
    if wants_json():
        answer = problem(refused.status, refused.code, refused.title, advice)
    else:
        # Only an address that was asked for can be asked for again by a link.
        again = safe_next(request.full_path.rstrip("?"), "/") if request.method == "GET" else ""
        answer = make_response(_page(refused.status, refused.title, "", advice, again))
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _route() -> str:
    """For the log: where it happened, without what an address may say of somebody."""
    return request.path if not request.view_args else str(request.url_rule)


def _answer_unexpected(error: Exception) -> Any:
    trouble = storage_trouble(error)
    if trouble is not None:
        # One line, without the statement: in a rush there are hundreds.
        log.error("storage_trouble", kind=trouble.value, error=trouble_name(error), path=_route())
        let_go()
        return _answer_unavailable(Unavailable() if request.method in ("GET", "HEAD") else NotStored())
    log.exception("unexpected_error", path=_route())
    title, detail = (
        lazy("系统出了点问题"),
        lazy("没有保存任何内容。请稍后再试;如果仍不行,请把下面的编号告诉管理员。"),
    )
    if wants_json():
        return problem(500, "unexpected", title, detail)
    return _page(500, title, detail, None)


def init_errors(app: Flask) -> None:
    """Register the handlers and give every request an id."""

    @app.before_request
    def assign_request_id() -> None:
        g.request_id = secrets.token_hex(6)

    app.register_error_handler(AppError, _answer_app_error)
    app.register_error_handler(Unavailable, _answer_unavailable)
    app.register_error_handler(CSRFError, _answer_csrf_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_unexpected)
