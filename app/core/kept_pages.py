"""Pages that a whole hall opens in the same minute: rendered once, and filled in for each person.

Rendering is half of what such a page costs. What is the same for everybody is kept in this process; the few
places that differ (a name, a ticket) are slots, filled with escaped text. Nothing personal is kept.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from flask import current_app, render_template, request, session
from markupsafe import escape

from app.core.i18n import chosen_language
from app.core.quick_door import Asked

Slots = Mapping[str, str]
# Sessions, languages, sizes of type and minutes that are about at the same time.
_MOST = 256
# Letters and digits alone: escaped, translated or put into an address, a slot comes out as it went in.
_MARK = f"slot{secrets.token_hex(8)}"
_SLOT = re.compile(rf"{_MARK}([a-z]+\d*)x")
_kept: OrderedDict[Hashable, list[str]] = OrderedDict()
_lock = threading.Lock()


def kept_page(
    template: str, key: Hashable, values: dict[str, str], context: Callable[[Slots], dict[str, Any]]
) -> str:
    """The page with `values` in its slots, whose names are letters and then digits.

    key: whatever else the page depends on, whole. context: the template's variables, given what to put
    in place of each value.
    """
    # Where the switches of language and type size lead back to.
    filled = {**values, "here": request.full_path}
    if "_flashes" in session:
        return render_template(template, **context(filled))
    whole = _key(template, key, chosen_language(), request.cookies.get("elder") == "1")
    parts = _kept.get(whole)
    if parts is None:
        marks = {name: f"{_MARK}{name}x" for name in filled}
        parts = _SLOT.split(render_template(template, here=marks["here"], **context(marks)))
        with _lock:
            _kept[whole] = parts
            while len(_kept) > _MOST:
                _kept.popitem(last=False)
    return _fill(parts, filled)


def kept_already(template: str, key: Hashable, values: Slots, asked: Asked) -> str | None:
    """The same page for who comes by the quick door, if somebody was shown it before."""
    parts = _kept.get(_key(template, key, asked.language, asked.is_elder))
    return None if parts is None else _fill(parts, {**values, "here": asked.here})


def _key(template: str, key: Hashable, language: str, is_elder: bool) -> Hashable:
    return current_app.extensions["settings"], template, language, is_elder, key


def _fill(parts: list[str], values: Slots) -> str:
    return "".join(part if at % 2 == 0 else str(escape(values[part])) for at, part in enumerate(parts))
