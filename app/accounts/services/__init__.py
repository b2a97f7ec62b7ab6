"""What staff users do with their accounts, and what an administrator does to them."""

from app.accounts.services.sign_ins import (
    SignInRefused,
    change_password,
    sign_in,
    sign_out,
    sign_out_everywhere,
)
from app.accounts.services.tokens import create_token, revoke_token
from app.accounts.services.users import NewUser, create_user, reset_password, set_active

__all__ = [
    "NewUser",
    "SignInRefused",
    "change_password",
    "create_token",
    "create_user",
    "reset_password",
    "revoke_token",
    "set_active",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
]
