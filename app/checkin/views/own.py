"""Whose page a bound phone asks for: one of the few members that the browser stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import redirect, request, url_for

from app.checkin.browser import member_tokens
from app.checkin.queries.lookup import TokenHolder
from app.checkin.services.bindings import holders
from app.core.numbers import whole


@dataclass(frozen=True, slots=True)
class Own:
    """The member whose page it is. `people`: everyone this phone stands for; `index`: which of them."""

    people: tuple[tuple[str, TokenHolder], ...]
    index: int

    @property
    def token(self) -> str:
        return self.people[self.index][0]

    @property
    def name(self) -> str:
        return self.people[self.index][1].name

    @property
    def member_id(self) -> int:
        return self.people[self.index][1].member_id

    @property
    def who(self) -> int | None:
        """For addresses; None for the first, whose addresses stay short."""
        return self.index or None

    @property
    def others(self) -> list[tuple[int, str]]:
        """(index, name) of the others on this phone."""
        return [(n, person.name) for n, (_, person) in enumerate(self.people) if n != self.index]


def for_own(view: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the view the `Own` that is meant; a phone that stands for nobody is led to binding."""

    @wraps(view)
    def guarded(**kwargs: Any) -> Any:
        people = tuple(holders(member_tokens()))
        index = _of_form(people) if request.method == "POST" else _of_address(people)
        if not people:
            return redirect(url_for("checkin.bind"))
        if index is None:
            return redirect(url_for("checkin.mine"))
        return view(Own(people, index), **kwargs)

    return guarded


def _of_address(people: tuple[tuple[str, TokenHolder], ...]) -> int:
    return whole(request.args.get("who"), len(people) - 1) or 0


def _of_form(people: tuple[tuple[str, TokenHolder], ...]) -> int | None:
    """By the member's id: a place in a list may have moved while the form was open."""
    member_id = whole(request.form.get("member"))
    return next((n for n, (_, person) in enumerate(people) if person.member_id == member_id), None)
