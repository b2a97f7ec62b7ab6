"""Hashes and checks passwords with Argon2id, a few at a time; knows no users."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from app.core.errors import TooManyTries
from app.core.i18n import lazy

_hasher = PasswordHasher()
# Each hash takes 64 MiB and all of a core for a while: a burst of tries must not take the machine.
_places = threading.BoundedSemaphore(2)
_WAIT_SECONDS = 2
# Hash of a random text that nobody kept, made with the hasher's present costs.
DECOY = "$argon2id$v=19$m=65536,t=3,p=4$o662+zMg6YPIaJ8EYkUAcQ$P027OLhalnKH56/wHuLh/knzamQ2PgMPdYsTcCfV+p4"
# Without letters and digits that look alike.
_LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"


def hash_password(password: str) -> str:
    """Argon2id in PHC format."""
    with _place():
        return _hasher.hash(_normal(password))


def password_fits(stored: str | None, password: str) -> bool:
    """Whether `password` made `stored`; takes as long when there is no such user (None)."""
    with _place():
        try:
            return _hasher.verify(stored or DECOY, _normal(password)) and stored is not None
        except InvalidHashError:
            # An account without a usable password answers no sooner than others.
            _verify_decoy(password)
            return False
        except Argon2Error:
            return False


def needs_new_hash(stored: str) -> bool:
    """Whether the hash was made with lower costs than today's."""
    return _hasher.check_needs_rehash(stored)


def generated_password() -> str:
    """Four groups of four legible characters (79 bits), to be read from paper and typed."""
    groups = ("".join(secrets.choice(_LEGIBLE) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _verify_decoy(password: str) -> None:
    try:
        _hasher.verify(DECOY, _normal(password))
    except Argon2Error:
        return


def _normal(password: str) -> str:
    # Chinese input methods type full-width digits and letters: the same password all the same.
    return unicodedata.normalize("NFKC", password)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=_WAIT_SECONDS):
        raise TooManyTries(lazy("现在登录的人很多,请稍等片刻再试。"), code="busy")
    try:
        yield
    finally:
        _places.release()
