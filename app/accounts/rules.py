"""Decides which user names and passwords are acceptable."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

MIN_PASSWORD = 10  # characters
MAX_PASSWORD = 200
MAX_USERNAME = 60

_USERNAME = re.compile(r"[\w.@-]+(?: [\w.@-]+)*")
# Of the passwords seen most often, those of ten characters or more.
_COMMON = frozenset(
    {
        "0000000000",
        "0123456789",
        "1111111111",
        "1122334455",
        "1234512345",
        "1234567890",
        "12345678910",
        "123456789a",
        "123456789q",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "5201314520",
        "8888888888",
        "9876543210",
        "a123456789",
        "aa123456789",
        "aa12345678",
        "abc1234567",
        "abc123456789",
        "abcdefghij",
        "administrator",
        "iloveyou12",
        "password12",
        "password123",
        "password1234",
        "q123456789",
        "qazwsxedc123",
        "qq123456789",
        "qwer123456",
        "qwerty1234",
        "qwerty12345",
        "qwertyuiop",
        "woaini1314",
        "woaini520520",
        "zxcvbnm123",
    }
)


class PasswordFault(StrEnum):
    """Why a password is not acceptable."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    SAME_AS_NAME = "same_as_name"
    COMMON = "common"


def normal_username(text: str) -> str:
    """The one spelling a user name is kept and looked up in: NFKC, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def is_username(name: str) -> bool:
    """Whether a normal user name has 1 to 60 letters (any script), digits and . _ @ - or inner spaces."""
    return len(name) <= MAX_USERNAME and _USERNAME.fullmatch(name) is not None


def password_fault(password: str, username: str) -> PasswordFault | None:
    """What is wrong with a new password, or None. Length and these two rules only: longer beats stranger."""
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < MIN_PASSWORD:
        return PasswordFault.TOO_SHORT
    if len(plain) > MAX_PASSWORD:
        return PasswordFault.TOO_LONG
    if normal_username(plain) == normal_username(username):
        return PasswordFault.SAME_AS_NAME
    return PasswordFault.COMMON if plain.lower() in _COMMON else None
