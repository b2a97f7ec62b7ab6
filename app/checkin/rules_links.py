"""Decides whether a personal link is a session's own for a member; derives links, stores nothing."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass

# 96 bits: a link lives for weeks, and nobody may make another member's out of it.
_MAC_BYTES = 12
_LARGEST_ID = 2**31 - 1
_LINK = re.compile(r"(\d{1,10})\.(\d{1,10})\.([A-Za-z0-9_-]{16})")


@dataclass(frozen=True, slots=True)
class PersonalLink:
    """What a link says; nothing in it is believed before `is_genuine`."""

    session_id: int
    member_id: int
    mac: str


def link_key(purpose_key: bytes, secret: bytes) -> bytes:
    """A session's key for its links. With a new secret of the session, every link sent before stops."""
    return hmac.digest(purpose_key, secret, "sha256")


def link_text(key: bytes, session_id: int, member_id: int) -> str:
    """The last part of a link's address: session, member and MAC."""
    return f"{session_id}.{member_id}.{_mac(key, session_id, member_id)}"


def parse_link(text: str) -> PersonalLink | None:
    """Read the last part of a link; None when it is none of ours."""
    found = _LINK.fullmatch(text)
    if not found or max(int(found[1]), int(found[2])) > _LARGEST_ID:
        return None
    return PersonalLink(int(found[1]), int(found[2]), found[3])


def is_genuine(link: PersonalLink, key: bytes) -> bool:
    return hmac.compare_digest(_mac(key, link.session_id, link.member_id), link.mac)


def _mac(key: bytes, session_id: int, member_id: int) -> str:
    digest = hmac.digest(key, f"link:{session_id}:{member_id}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode()
