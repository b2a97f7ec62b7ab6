"""Who may do what, where: roles, the permissions they give, and the declaration on every route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Response, current_app, g, redirect, request, url_for

from app.core.errors import Forbidden, NotSignedIn
from app.core.vocabulary import Role

View = TypeVar("View", bound=Callable[..., Any])

_EVERYONE = frozenset(Role)
_WRITERS = frozenset({Role.ADMINISTRATOR, Role.ORGANISER, Role.SECRETARY})
_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

# One row a permission. A role holds it within the subtree of the place it was granted at.
PERMISSIONS: dict[str, frozenset[Role]] = {
    "home.read": _EVERYONE,
    "orgs.read": _EVERYONE,
    "orgs.write": _ADMINISTRATORS,
    "members.read": _EVERYONE,
    "members.write": frozenset({Role.ADMINISTRATOR, Role.SECRETARY}),
    "members.import": _ADMINISTRATORS,
    # Joining two records of one person into one.
    "members.merge": _ADMINISTRATORS,
    # A second person's word on an exemption.
    "members.approve": _ADMINISTRATORS,
    # What a home visit needs to know: for those who visit or send someone.
    "members.visit": _WRITERS,
    "supervision.read": _EVERYONE,
    "supervision.write": _ADMINISTRATORS,
    "sessions.read": _EVERYONE,
    "sessions.write": _WRITERS,
    "attendance.write": _WRITERS,
    "reports.read": _EVERYONE,
    # Which report is made each month, of what, for whom.
    "deliveries.write": frozenset({Role.ADMINISTRATOR, Role.ORGANISER}),
    "settings.write": _ADMINISTRATORS,
}
# Declared on routes that need no staff sign-in: anyone; or a member's bound phone or ticket.
PUBLIC = "public"
MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a place: `org_id` and everything below it."""

    role: Role
    org_id: int


@dataclass(frozen=True, slots=True)
class Scope:
    """The subtrees within which one user holds one permission; every scoped query takes one.

    `org_ids` are roots of subtrees (never empty). `user_id` is None for the command line.
    """

    org_ids: tuple[int, ...]
    user_id: int | None


@dataclass(frozen=True, slots=True)
class Staff:
    """The signed-in staff user of a request."""

    id: int
    username: str
    display_name: str
    grants: tuple[Grant, ...]

    def may(self, permission: str) -> bool:
        return any(grant.role in PERMISSIONS[permission] for grant in self.grants)

    def scope(self, permission: str) -> Scope:
        """Where this user holds `permission`; raises Forbidden when nowhere."""
        roots = tuple(sorted({g.org_id for g in self.grants if g.role in PERMISSIONS[permission]}))
        if not roots:
            raise Forbidden()
        return Scope(roots, self.id)

    def scope_if_held(self, permission: str) -> Scope | None:
        """The same, or None when nowhere: for parts of a page that not everyone may use."""
        return self.scope(permission) if self.may(permission) else None

    @property
    def main_role(self) -> Role:
        """The widest role held; decides which home page is shown."""
        return min((grant.role for grant in self.grants), key=list(Role).index, default=Role.SUPERVISOR)


@dataclass(frozen=True, slots=True)
class StaffDoor:
    """What accounts lends to the features that it stands above, set once at the start.

    by_id: the active user with what they hold today, None for one who is switched off or gone.
    sign_out: ends the sign-in of the browser that asks.
    """

    by_id: Callable[[int], Staff | None]
    sign_out: Callable[[], None]


def staff_by_id(user_id: int) -> Staff | None:
    """Somebody on whose behalf a device acts; asked at each request, since roles end."""
    door: StaffDoor = current_app.extensions["staff_door"]
    return door.by_id(user_id)


def end_sign_in() -> None:
    """Sign the user of this request out of this browser."""
    door: StaffDoor = current_app.extensions["staff_door"]
    door.sign_out()


def current_staff() -> Staff:
    """The signed-in user; raises NotSignedIn."""
    staff: Staff | None = g.get("staff")
    if staff is None:
        raise NotSignedIn()
    return staff


def current_login() -> bytes:
    """An opaque name of the signed-in browser; raises NotSignedIn. Signing out ends what bears it."""
    login: bytes | None = g.get("login")
    if login is None:
        raise NotSignedIn()
    return login


def current_scope() -> Scope:
    """The scope of the permission that the running route declared."""
    scope: Scope = g.scope
    return scope


def scope_of(user_id: int, permission: str) -> Scope | None:
    """Where another user holds a permission now: whoever set up the phone that a request comes from.

    None: nowhere any more, or the user was shut out. The feature of accounts says who it is.
    """
    staff = staff_by_id(user_id)
    return staff.scope_if_held(permission) if staff is not None else None


def permission(name: str) -> Callable[[View], View]:
    """Declare what a view needs; refuses before the view runs. `PUBLIC` and `MEMBER` need no staff user."""
    if name not in PERMISSIONS and name not in (PUBLIC, MEMBER):
        raise ValueError(f"unknown permission {name!r}")

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if name not in (PUBLIC, MEMBER):
                g.scope = current_staff().scope(name)
            return view(*args, **kwargs)

        guarded.declared_permission = name  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return declare


def sign_in_redirect() -> Response:
    """To the sign-in page and back to where the user wanted to go (paths of this site only)."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    target = url_for("accounts.sign_in") + ("?" + urlencode({"next": wanted}) if wanted else "")
    response: Response = redirect(target)  # type: ignore[assignment]
    return response


def safe_next(target: str | None, fallback: str) -> str:
    """`target` if it is a path of this site, else `fallback`: never an open redirect."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return fallback
    if any(ord(char) < 32 for char in target):
        return fallback
    return target
