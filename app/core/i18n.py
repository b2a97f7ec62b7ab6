"""Languages: Chinese is the source of every message, English its translation; the cookie decides."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime

from flask import Flask, current_app, has_request_context, request
from flask_babel import (
    Babel,
    force_locale,
    format_date,
    get_locale,
    get_translations,
    gettext,
    lazy_gettext,
    ngettext,
)
from flask_babel.speaklater import LazyString

from app.core.clock import office_tz

# Assigned, not imported under the name: type checks take only this for a name meant for others.
lazy = lazy_gettext
Text = str | LazyString
__all__ = [
    "LANGUAGES",
    "Text",
    "day_text",
    "gettext",
    "is_english",
    "lazy",
    "listed",
    "localised",
    "moment_text",
    "ngettext",
    "speaking",
    "time_text",
]
LANGUAGES = {"zh_Hans_CN": "中文", "en": "English"}
DEFAULT_LANGUAGE = "zh_Hans_CN"


def chosen_language() -> str:
    """The reader's choice (cookie); a program may ask by Accept-Language; otherwise Chinese."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    chosen = request.cookies.get("lang", "")
    if chosen in LANGUAGES:
        return chosen
    if request.path.startswith("/api/") and request.accept_languages:
        return "en" if request.accept_languages.best_match(["zh", "en"]) == "en" else DEFAULT_LANGUAGE
    return DEFAULT_LANGUAGE


def speaking(language: str) -> AbstractContextManager[None]:
    """Texts in a language of LANGUAGES while the block runs: for what is written without a request."""
    spoken: AbstractContextManager[None] = force_locale(language)
    return spoken


def is_english() -> bool:
    locale = get_locale()
    return locale is not None and locale.language == "en"


def localised(name_zh: str, name_en: str) -> str:
    """The name in the reader's language, for rows of tables that the office edits."""
    return name_en if is_english() else name_zh


def listed(names: Iterable[object]) -> str:
    """Names one after another: 甲、乙 / A, B."""
    return str(gettext("、")).join(str(name) for name in names)


def day_text(day: date | None) -> str:
    """A date as the office writes it: 2019年4月28日 / 28 Apr 2019."""
    if day is None:
        return ""
    return format_date(day, "d MMM y") if is_english() else f"{day.year}年{day.month}月{day.day}日"


def time_text(instant: datetime | None) -> str:
    """Hours and minutes in the office's zone."""
    return "" if instant is None else instant.astimezone(office_tz()).strftime("%H:%M")


def moment_text(instant: datetime | None) -> str:
    """Date and time in the office's zone."""
    if instant is None:
        return ""
    return f"{day_text(instant.astimezone(office_tz()).date())} {time_text(instant)}"


def hours_text(hours: float) -> str:
    """Study hours as short as they are exact: 32, 6.5, 0.75."""
    return f"{hours:.2f}".rstrip("0").rstrip(".")


def _template_text(message: str) -> str:
    """A template's message in the reader's language; the Chinese ones are their own translation."""
    return str(get_translations().ugettext(message)) if is_english() else message


def _template_plural(singular: str, plural: str, number: int) -> str:
    if is_english():
        return str(get_translations().ungettext(singular, plural, number))
    return singular if number == 1 else plural


def init_i18n(app: Flask) -> None:
    """Set up Flask-Babel with the catalogue in app/translations."""
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT_LANGUAGE
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(
        app,
        locale_selector=chosen_language,
        timezone_selector=lambda: str(current_app.extensions["settings"].office_tz),
    )
    # Jinja fills in the placeholders itself.
    app.jinja_env.install_gettext_callables(_template_text, _template_plural, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters.update(day=day_text, clock=time_text, moment=moment_text, hours=hours_text)
