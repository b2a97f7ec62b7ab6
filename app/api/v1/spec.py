"""Builds the OpenAPI 3.1 document from the declarations of the routes; nothing in it is written twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from app.api.v1.fields import LARGEST_ID, Choice, Query, Text
from app.api.v1.operation import Either, Operation, Raw, Upload, Words
from app.api.v1.schemas.problems import ProblemAnswer
from app.core.access import PUBLIC

Json = dict[str, Any]
VERSION = "1.0.0"
PROBLEM = "application/problem+json"
BEARER, CALENDAR_TOKEN = "bearer", "calendar_token"

ERRORS: dict[int, Words] = {
    400: Words("请求内容不是合法的 JSON", "The body is no well-formed JSON"),
    401: Words("没有有效的令牌", "No valid token"),
    403: Words("角色不允许,或被拒绝(见 code)", "The role does not allow it, or it is refused (see code)"),
    404: Words("没有,或不在负责的范围内", "Not there, or not within the caller's part of the tree"),
    409: Words("现在的状态不允许(见 code)", "Its state does not allow it (see code)"),
    410: Words("二维码已过期", "The code has expired"),
    413: Words("请求内容太大", "The body is too large"),
    415: Words("内容类型不是 application/json", "The content type is not application/json"),
    422: Words("有字段不能接受(见 errors)", "Some fields cannot be taken (see errors)"),
    429: Words("尝试次数过多", "Too many tries"),
    503: Words(
        "数据库暂时不可用;过 Retry-After 秒再试", "The database is away; try again after Retry-After seconds"
    ),
}
TAGS: dict[str, Words] = {
    "orgs": Words("党组织", "Organisations"),
    "org_rows": Words("标签和任职", "Tags and posts"),
    "members": Words("党员", "Members"),
    "transfers": Words("转接和改正", "Transfers and corrections"),
    "groups": Words("党员类别", "Groups"),
    "imports": Words("花名册", "Rosters"),
    "sessions": Words("场次", "Sessions"),
    "attendance": Words("登记情况", "Attendance"),
    "bulk": Words("一次登记多人", "Many at once"),
    "on_the_day": Words("现场情况", "What is noted on the day"),
    "steps": Words("场次的状态", "A session's steps"),
    "codes": Words("签到码", "Check-in codes"),
    "links": Words("本人链接", "Personal links"),
    "checkins": Words("签到", "Check-ins"),
    "rounds": Words("离线走访", "Rounds of home visits"),
    "reviews": Words("需要核对的情况", "Things to look at"),
    "leave": Words("请假", "Leave"),
    "make_ups": Words("补学", "Make-ups"),
    "bindings": Words("手机绑定", "Bound phones"),
    "cards": Words("签到卡", "Member cards"),
    "kiosks": Words("签到台", "Kiosks"),
    "visits": Words("上门须知", "Notes for home visits"),
    "wishes": Words("更正请求", "Correction requests"),
    "reports": Words("报表", "Reports"),
    "reach": Words("送学方案", "Plans that reach everyone"),
    "glance": Words("一览", "At a glance"),
    "locks": Words("锁定", "Locked periods"),
    "deliveries": Words("定期报表和收件箱", "Monthly reports and the inbox"),
    "supervision": Words("指导员和督导组", "Instructors and supervision teams"),
    "assignments": Words("联系的党组织", "Units assigned"),
    "officials": Words("督导组成员", "Officials of teams"),
    "calendar": Words("日历", "Calendar"),
}
_ABOUT = Words(
    "不漏的接口。页面能做的,接口都能做;数据只限令牌所属用户负责的范围,范围之外一律 404。"
    "日期为 ISO 格式,时间为 RFC 3339 并带时区;手机号码只显示首尾;org 参数总是包含下级。"
    "列表用 cursor 翻页:把上一页的 next 原样传回。",
    "Whatever the pages do, the API does. A token acts as its user, and what lies outside that user's part of"
    " the tree answers 404. Dates are ISO, times RFC 3339 with an offset, phones are masked, and org always"
    " means the whole subtree. Lists go on with cursor: send back the last page's next as it is.",
)
_PATH_WORDS = {
    "code": Words("组织代码", "Code of a unit"),
    "member_id": Words("党员编号", "Id of a member"),
    "round_id": Words("带走的名单编号", "Id of a round"),
    "session_id": Words("场次编号", "Id of a session"),
    "group": Words("党员类别", "Group of members"),
    "lock_id": Words("锁定编号", "Id of a lock"),
    "kiosk_id": Words("签到台编号", "Id of a kiosk"),
    "review_id": Words("核对事项编号", "Id of a thing to look at"),
    "wish_id": Words("更正请求编号", "Id of a correction request"),
    "request_id": Words("转接申请编号", "Id of a transfer asked for"),
    "tag": Words("组织标签", "Tag of a unit"),
    "binding_id": Words("绑定编号", "Id of a bound phone"),
    "import_id": Words("导入编号", "Key of an import"),
    "instructor_id": Words("指导员编号", "Id of an instructor"),
    "team_id": Words("督导组编号", "Id of a team"),
    "official_id": Words("督导组成员编号", "Id of an official of a team"),
    "plan_id": Words("方案编号", "Key of a plan"),
    "number": Words("方案中的序号", "Number within a plan"),
    "schedule_id": Words("定期报表编号", "Id of a monthly report"),
    "delivery_id": Words("收件箱里报表的编号", "Id of a report in the inbox"),
    "sheets_id": Words("印卡任务编号", "Key of a print of cards"),
}
_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def build_spec(app: Flask, prefix: str, server: str) -> Json:
    """The whole document; `prefix` is the blueprint's name, `server` the address that paths hang under."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec("不漏 · Bulou", VERSION, "3.1.0", plugins=[plugin], info={"description": str(_ABOUT)})
    spec.components.security_scheme(BEARER, {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme(CALENDAR_TOKEN, {"type": "apiKey", "in": "query", "name": "token"})
    spec.components.schema("Problem", schema=ProblemAnswer())
    for key, words in TAGS.items():
        spec.tag({"name": key, "description": str(words)})
    for rule, view in _routes(app, prefix):
        path = _ARGUMENT.sub(r"{\1}", rule.rule).removeprefix(server)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            declared: Operation = view.operation
            spec.path(path, operations={method.lower(): _operation(plugin, rule, view, declared)})
    document: Json = spec.to_dict()
    document["servers"] = [{"url": server}]
    return document


def _routes(app: Flask, prefix: str) -> Iterator[tuple[Rule, Any]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        if rule.endpoint.startswith(f"{prefix}.") and hasattr(view, "operation"):
            yield rule, view


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    name = str(kind.__name__)
    return name.removesuffix("Answer") if name.endswith("Answer") else f"{name.removesuffix('Body')}Input"


def _operation(plugin: MarshmallowPlugin, rule: Rule, view: Any, declared: Operation) -> Json:
    parameters = [*_path_parameters(rule), *_query_parameters(plugin, declared.query)]
    made: Json = {
        "operationId": rule.endpoint.split(".")[-1],
        "summary": str(declared.summary),
        "tags": [view.__module__.rsplit(".", 1)[-1]],
        "security": [{name: []} if name else {} for name in declared.security],
        "responses": {str(code): _answer(declared, code) for code in declared.answers},
    }
    if declared.detail:
        made["description"] = str(declared.detail)
    if parameters:
        made["parameters"] = parameters
    if isinstance(declared.body, Upload):
        file: Json = {"type": "string", "format": "binary"}
        form = {"type": "object", "properties": {"file": file}, "required": ["file"]}
        content = {"application/octet-stream": {"schema": file}, "multipart/form-data": {"schema": form}}
        made["requestBody"] = {"required": True, "content": content}
    elif declared.body is not None:
        forms = declared.body.values() if isinstance(declared.body, Mapping) else [declared.body]
        schema: Any = {"oneOf": list(forms)} if isinstance(declared.body, Mapping) else declared.body
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    for code in sorted({*_usual_errors(view, rule, declared), *declared.errors}):
        made["responses"][str(code)] = _refusal(code)
    return made


def _usual_errors(view: Any, rule: Rule, declared: Operation) -> Iterator[int]:
    yield 503
    if view.declared_permission != PUBLIC:
        yield from (401, 403)
    if rule.arguments:
        yield 404
    if declared.query is not None:
        yield 422
    if isinstance(declared.body, Upload):
        yield from (413, 422)
    elif declared.body is not None:
        yield from (400, 413, 415, 422)


def _answer(declared: Operation, code: int) -> Json:
    form = declared.answers[code]
    made: Json = {"description": str(_ANSWER_WORDS[code])}
    if isinstance(form, Raw):
        made["content"] = {form.content_type.split(";")[0]: {"schema": {"type": "string"}}}
    elif isinstance(form, Either):
        either: Any = {"anyOf": [form.usual, form.other]}
        made["content"] = {"application/json": {"schema": either}}
    elif form is not None:
        made["content"] = {"application/json": {"schema": form}}
    return made


_ANSWER_WORDS = {
    200: Words("完成", "Done"),
    201: Words("已建立", "Created"),
    202: Words("已收下,在后台处理", "Accepted; the worker does it"),
    204: Words("完成,没有内容", "Done; no content"),
}


def _refusal(code: int) -> Json:
    made: Json = {
        "description": str(ERRORS[code]),
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if code == 401:
        made["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
    return made


def _path_parameters(rule: Rule) -> Iterator[Json]:
    for name in _ARGUMENT.findall(rule.rule):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _path_schema(rule, name),
            "description": str(_PATH_WORDS[name]),
        }


def _path_schema(rule: Rule, name: str) -> Json:
    converter: Any = rule._converters[name]
    if isinstance(converter, IntegerConverter):
        return {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
    return dict(converter.schema)


def _query_parameters(plugin: MarshmallowPlugin, query: Query | None) -> Iterator[Json]:
    if query is None:
        return
    for name, field in query.fields.items():
        described = plugin.converter.field2property(field) if plugin.converter else {}
        words = described.pop("description", None)
        if not field.required and (isinstance(field, Choice) or not isinstance(field, Text)):
            # A blank parameter counts as left out.
            described = {"anyOf": [described, {"const": ""}]}
        made = {"name": field.data_key or name, "in": "query", "required": field.required}
        made["schema"] = described
        yield {**made, "description": words} if words else made
