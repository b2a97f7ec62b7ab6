"""Headers, cookies, hosts, body limits and CSRF; the same for every page."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core.errors import AppError
from app.core.i18n import lazy
from app.settings import Settings

csrf = CSRFProtect()
MAX_BODY_BYTES = 1 * 1024 * 1024
# Pages may run our own scripts only; those that read cards add 'wasm-unsafe-eval' for their decoder.
_CSP = (
    "default-src 'self'; script-src 'self'{script_extra}; style-src 'self'; img-src 'self' data: blob:;"
    " media-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)

_CAMERA_PAGES = ("checkin.scanner", "checkin.kiosk")


def _fixed_headers(*, scanner: bool) -> list[tuple[str, str]]:
    camera = "(self)" if scanner else "()"
    return [
        ("Content-Security-Policy", _CSP.format(script_extra=" 'wasm-unsafe-eval'" if scanner else "")),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", f"camera={camera}, geolocation=(), microphone=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]


_HEADERS = {scanner: _fixed_headers(scanner=scanner) for scanner in (False, True)}


def fixed_headers(*, secure: bool) -> list[tuple[str, str]]:
    """The headers of a page of ours that is nobody's to keep; secure: it came by HTTPS."""
    more = [("Cache-Control", "no-store")]
    return [*_HEADERS[False], *more, *([_HSTS] if secure else [])]


_HSTS = ("Strict-Transport-Security", "max-age=31536000")


def init_security(app: Flask, settings: Settings) -> None:
    """Configure cookies and limits from the settings and register the header hook."""
    prefix = "__Host-" if settings.secure_cookies else ""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME=f"{prefix}bulou",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,
    )
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.after_request(_add_headers)


def refuse_unstorable() -> None:
    """Refuse text with a NUL: no keyboard makes one and PostgreSQL stores none. The API names the field."""
    if request.path.startswith("/api/"):
        return
    typed = (value for values in (request.args, request.form) for _name, value in values.items(multi=True))
    named = (upload.filename or "" for _name, upload in request.files.items(multi=True))
    if "\0" in request.path or any("\0" in text for text in (*typed, *named)):
        raise AppError(lazy("填写的内容里有看不见的特殊字符,无法保存。请返回上一页,删去后重新填写。"))


def _add_headers(response: Response) -> Response:
    fixed = _HEADERS[request.endpoint in _CAMERA_PAGES]
    there = {name.lower() for name in response.headers.keys()}  # noqa: SIM118  not a mapping of its keys
    response.headers.extend([pair for pair in fixed if pair[0].lower() not in there])
    if request.is_secure:
        response.headers.setdefault(*_HSTS)
    if request.endpoint == "static":
        # Addresses carry the file's hash (see core/pages.py), so a copy is good for ever.
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
        )
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
