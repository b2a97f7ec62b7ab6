"""Bodies of notes for home visits, and of members' wishes for correction."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
    Choice,
    Identifier,
    Items,
    Moment,
    Part,
    Query,
    Said,
    Text,
    Whole,
)
from app.core.vocabulary import RequestState
from app.members.rules_visits import LONGEST, Need
from app.members.rules_wishes import LONGEST_ANSWER, LONGEST_TEXT, About

_ANSWERS = (RequestState.DONE, RequestState.DECLINED)


class VisitNoteBody(Body):
    """Left out or blank: not said."""

    door = Text(LONGEST["door"], blank=True, load_default="")
    times = Text(LONGEST["times"], blank=True, load_default="")
    opener = Text(LONGEST["opener"], blank=True, load_default="")
    needs = Items(Choice(Need), most=len(Need), load_default=list)


class VisitNoteAnswer(Answer):
    door = Said()
    times = Said()
    opener = Said()
    needs = Items(Choice(Need))
    updated_at = Moment(allow_none=True)


class CorrectionRequestsQuery(Query):
    state = Choice(RequestState)
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class CorrectionRequestBody(Body):
    about = Choice(About, required=True)
    text = Text(LONGEST_TEXT, required=True)


class CorrectionRequestReplyBody(Body):
    state = Choice(RequestState, only=_ANSWERS, required=True)
    answer = Text(LONGEST_ANSWER, blank=True, load_default="")


class CorrectionRequestAnswer(Answer):
    id = Identifier()
    member_id = Identifier()
    about = Choice(About)
    text = Said(allow_none=True)
    state = Choice(RequestState)
    asked_at = Moment()
    answer = Said(allow_none=True)
    answered_at = Moment(allow_none=True)


class CorrectionRequestsAnswer(Answer):
    items = Items(Part(CorrectionRequestAnswer))
    next = Said(allow_none=True)
