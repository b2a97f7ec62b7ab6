"""`flask users …`: staff users are made, listed, given a new password, switched off and on."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from app.accounts import queries, services
from app.cli._refusals import refusals
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.i18n import gettext as _
from app.core.passwords import generated_password
from app.core.vocabulary import Role

group = AppGroup("users", help="Staff users: create, list, password, off, on.")


@group.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--org", "org_code", metavar="CODE", help="Unit whose subtree the role covers (default: all).")
@click.option("--display-name", default="", help="The name that pages show (default: NAME).")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")
def create(name: str, role: str, org_code: str | None, display_name: str, password_stdin: bool) -> None:
    """Create NAME; without --password-stdin a password is made and printed, alone, on stdout."""
    password = _first_line() if password_stdin else generated_password()
    new = services.NewUser(name, display_name or name, Role(role), org_code, password)
    with refusals():
        services.create_user(new, None, utc_now(), today())
    _done(_("已新建用户 %(name)s。", name=name), None if password_stdin else password)


@group.command("list")
def list_users() -> None:
    """One line a user: name, on or off, roles and their units (* is the whole tree)."""
    for user in queries.users(db.session()):
        roles = " ".join(f"{role.value}@{code or '*'}" for role, code in user.roles)
        click.echo(f"{user.username}\t{'on' if user.is_active else 'off'}\t{roles}")


@group.command("password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")
def password(name: str, password_stdin: bool) -> None:
    """Give NAME a new password and end all sign-ins; prints it unless it came from stdin."""
    new = _first_line() if password_stdin else generated_password()
    with refusals():
        services.reset_password(user_id(name), new, None, utc_now())
    _done(_("已重设 %(name)s 的密码。", name=name), None if password_stdin else new)


@group.command("off")
@click.argument("name")
def off(name: str) -> None:
    """Switch NAME off: no sign-in and no API token of theirs works any more."""
    with refusals():
        services.set_active(user_id(name), False, None, utc_now())
    _done(_("已停用 %(name)s。", name=name))


@group.command("on")
@click.argument("name")
def on(name: str) -> None:
    """Switch NAME on again."""
    with refusals():
        services.set_active(user_id(name), True, None, utc_now())
    _done(_("已启用 %(name)s。", name=name))


def user_id(name: str) -> int:
    """The id behind a user name; ends the command when there is none."""
    found = queries.user_id_by_name(db.session(), name)
    if found is None:
        raise click.ClickException(_("没有名为 %(name)s 的用户。", name=name))
    return found


def _first_line() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _done(words: str, printed: str | None = None) -> None:
    """Words for the person on stderr, so that stdout holds only what a script wants."""
    click.echo(words, err=True)
    if printed is not None:
        click.echo(printed)
