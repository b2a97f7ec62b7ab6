"""Decides whether a code is the session's and still good; derives codes, stores nothing."""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

# 96 bits in 16 URL-safe characters; 64 would do for a code that lives half a minute.
MAC_BYTES = 12
# Five minutes of fifteen-second steps.
LATELY = 20
# A couple, a neighbour or two: older people share phones. More than these one browser does not stand for.
MOST_MEMBERS = 6
SHORT_CODE = re.compile(r"\d{6}")
_LARGEST_ID = 2**31 - 1
_LONG_CODE = re.compile(r"(\d{1,10})\.(\d{1,12})\.([A-Za-z0-9_-]{16})")


@dataclass(frozen=True, slots=True)
class LongCode:
    """What the QR code's address says; nothing in it is believed before `verdict`.

    step: of time, or of a code on paper which printing it is.
    """

    session_id: int
    step: int
    mac: str


class Verdict(StrEnum):
    GOOD = "good"
    EXPIRED = "expired"
    FORGED = "forged"
    # Of paper only: a newer printing took its place, or it was withdrawn.
    REPLACED = "replaced"


def step_of(now: datetime, step_seconds: int) -> int:
    """Number of the time step that `now` lies in."""
    return int(now.timestamp()) // step_seconds


def step_ends_at(step: int, step_seconds: int) -> datetime:
    """When the projector replaces the code of `step`; it still passes for one step more."""
    return datetime.fromtimestamp((step + 1) * step_seconds, UTC)


def long_code(secret: bytes, session_id: int, step: int) -> str:
    """The last part of the address in the QR code: session, step and MAC."""
    return f"{session_id}.{step}.{_mac(secret, session_id, step)}"


def short_code(secret: bytes, session_id: int, step: int) -> str:
    """Six digits for those who cannot scan; another key purpose, so that neither code tells the other."""
    digest = hmac.digest(secret, f"short:{session_id}:{step}".encode(), "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def parse_long_code(text: str) -> LongCode | None:
    """Read a whole address or its last part; None when it is no code of ours."""
    last = text.strip().rstrip("/").rsplit("/", 1)[-1].split("?", 1)[0]
    found = _LONG_CODE.fullmatch(last)
    if not found or int(found[1]) > _LARGEST_ID:
        return None
    return LongCode(int(found[1]), int(found[2]), found[3])


def parse_short_code(text: str) -> str | None:
    """Read six digits, grouped or full-width as people type them; None otherwise."""
    digits = re.sub(r"[\s-]", "", text)
    if len(digits) != 6 or not digits.isdecimal():
        return None
    return "".join(str(int(digit)) for digit in digits)


def judge(code: LongCode, secret: bytes, now: datetime, step_seconds: int) -> Verdict:
    """Whether the code is the session's own, of this step or the one before."""
    expected = _mac(secret, code.session_id, code.step)
    if not hmac.compare_digest(expected, code.mac):
        return Verdict.FORGED
    current = step_of(now, step_seconds)
    return Verdict.GOOD if code.step in (current, current - 1) else Verdict.EXPIRED


def matches_short(text: str, secret: bytes, session_id: int, now: datetime, step_seconds: int) -> bool:
    """Whether six digits are the session's, of this step or the one before."""
    current = step_of(now, step_seconds)
    now_code, last_code = (short_code(secret, session_id, step) for step in (current, current - 1))
    # Both are compared whatever the first says, so that the time taken tells nothing.
    return hmac.compare_digest(text, now_code) | hmac.compare_digest(text, last_code)


def matched_lately(text: str, secret: bytes, session_id: int, now: datetime, step_seconds: int) -> bool:
    """Whether the digits were good within the last LATELY steps: seen on the screen, typed too late."""
    current = step_of(now, step_seconds)
    past = (short_code(secret, session_id, current - back) for back in range(2, LATELY))
    return any([hmac.compare_digest(text, code) for code in past])  # noqa: C419  each is compared


def may_search(text: str) -> bool:
    """Whether a text is enough to look for a name at a kiosk: one Chinese character, or two letters.

    No digits: what is known of a telephone must not be tried out there.
    """
    letters = [char for char in unicodedata.normalize("NFKC", text) if char.isalpha()]
    if any(char.isdecimal() for char in text):
        return False
    return any(not char.isascii() for char in letters) or len(letters) >= 2


def printed_code(secret: bytes, session_id: int, version: int) -> str:
    """The last part of a paper code's address: session, printing, MAC; of a key purpose of its own."""
    return f"{session_id}.{version}.{_printed_mac(secret, session_id, version)}"


def is_printed(code: LongCode, secret: bytes) -> bool:
    """Whether the code was once printed for the session; whether it still passes is `judge_printed`."""
    return hmac.compare_digest(_printed_mac(secret, code.session_id, code.step), code.mac)


def judge_printed(
    code: LongCode, secret: bytes, version: int | None, window: tuple[datetime, datetime], now: datetime
) -> Verdict:
    """Whether the code on paper is the session's, of the printing that is valid, and within its window.

    window: [from, to). `version` None: all printings were withdrawn.
    """
    if not is_printed(code, secret):
        return Verdict.FORGED
    if version is None or code.step != version:
        return Verdict.REPLACED
    return Verdict.GOOD if window[0] <= now < window[1] else Verdict.EXPIRED


def _printed_mac(secret: bytes, session_id: int, version: int) -> str:
    digest = hmac.digest(secret, f"printed:{session_id}:{version}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:MAC_BYTES]).decode()


# A hall presents the same code for as long as it is shown.
@lru_cache(maxsize=256)
def _mac(secret: bytes, session_id: int, step: int) -> str:
    digest = hmac.digest(secret, f"scan:{session_id}:{step}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:MAC_BYTES]).decode()
