"""The one place where a sealed telephone number becomes readable text: masked, or whole when asked for."""

from __future__ import annotations

from app.core.crypto import CannotOpen, unseal
from app.members.phones import mask_phone


def masked_phone(sealed: bytes | None) -> str | None:
    """ "139****0001"; None without a number. A number that the present key cannot open shows no digit."""
    if sealed is None:
        return None
    try:
        return mask_phone(unseal(sealed, "phone"))
    except CannotOpen:
        return "****"


def whole_phone(sealed: bytes | None) -> str | None:
    """Every digit; the caller logs that it was asked for. Raises CannotOpen."""
    return None if sealed is None else unseal(sealed, "phone")
