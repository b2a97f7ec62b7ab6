"""Seals what must not be readable in the database, and derives every key from the one data key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

NONCE_BYTES = 12


class CannotOpen(ValueError):
    """The sealed bytes are damaged, or DATA_KEY is not the one they were sealed with."""


@lru_cache(maxsize=64)
def derive_key(data_key: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose only, so that no key serves two."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode()).derive(data_key)


def purpose_key(purpose: str) -> bytes:
    """The running app's key for `purpose`."""
    return derive_key(current_app.extensions["settings"].data_key, purpose)


def seal(text: str, purpose: str) -> bytes:
    """Encrypt with AES-256-GCM; 12 random nonce bytes stand before the ciphertext."""
    return seal_bytes(text.encode(), purpose)


def seal_bytes(plain: bytes, purpose: str) -> bytes:
    """`seal` for what is not text: a whole file."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(purpose_key(purpose)).encrypt(nonce, plain, purpose.encode())


def unseal(sealed: bytes, purpose: str) -> str:
    """Decrypt what `seal` made for the same purpose; raises CannotOpen."""
    return unseal_bytes(sealed, purpose).decode()


def unseal_bytes(sealed: bytes, purpose: str) -> bytes:
    """Decrypt what `seal_bytes` made for the same purpose; raises CannotOpen."""
    cipher = AESGCM(purpose_key(purpose))
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError) as exc:
        raise CannotOpen(purpose) from exc


def blind_index(text: str, purpose: str) -> bytes:
    """16 keyed bytes that are equal for equal text and tell nothing without the key."""
    return hmac.digest(purpose_key(purpose), text.encode(), "sha256")[:16]


def new_token(random_bytes: int = 32) -> str:
    """A random URL-safe token."""
    return secrets.token_urlsafe(random_bytes)


def token_hash(token: str) -> bytes:
    """What is stored of a random token. Plain SHA-256: a token of 128 bits or more needs no salt."""
    return hashlib.sha256(token.encode()).digest()
