"""Pages of signing in and of one's own account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from app.accounts import queries, services
from app.accounts.forms import DemoSignInForm, PasswordForm, SignInForm, TokenForm
from app.accounts.sign_in import LOGIN_KEY, end_this_sign_in
from app.core.access import PUBLIC, current_staff, permission, safe_next
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import AppError, InvalidInput, TooManyTries
from app.core.i18n import gettext as _
from app.core.pages import ROLE_LABELS
from app.core.vocabulary import Role
from app.members.views.parts import CLOSED_PARTS

bp = Blueprint("accounts", __name__)

# The users that `demo load` makes, and the password of them all.
DEMO_USERS = {
    "admin": Role.ADMINISTRATOR,
    "organiser": Role.ORGANISER,
    "secretary": Role.SECRETARY,
    "supervisor": Role.SUPERVISOR,
}
DEMO_PASSWORD = "bulou-demo"  # noqa: S105 - printed on the page, of invented people only


@bp.route("/sign-in", methods=["GET", "POST"])
@permission(PUBLIC)
def sign_in() -> Response:
    """The sign-in page; leads back to where the user wanted to go."""
    next_page = safe_next(request.values.get("next"), "/")
    if request.method != "POST":
        return redirect(next_page) if g.get("staff") else _sign_in_page(_empty_form(), next_page)
    form = _form_type()(request.form)
    if not form.validate():
        return _sign_in_page(form, next_page, status=422)
    try:
        token = services.sign_in(form.username.data, form.password.data, request.remote_addr or "", utc_now())
    except (services.SignInRefused, TooManyTries) as refusal:
        return _sign_in_page(form, next_page, refusal)
    end_this_sign_in()
    session[LOGIN_KEY] = token
    return redirect(next_page)


@bp.post("/sign-out")
@permission(PUBLIC)
def sign_out() -> Response:
    """End this browser's sign-in on the server, so that a copied cookie is worth nothing."""
    end_this_sign_in()
    flash(_("您已退出登录。"), "success")
    return redirect(url_for("accounts.sign_in"))


@bp.get("/account")
@permission("home.read")
def account() -> Response:
    """My password, my sign-ins and my API tokens."""
    return _account_page(PasswordForm(), TokenForm())


@bp.post("/account/password")
@permission("home.read")
def change_password() -> Response:
    form = PasswordForm(request.form)
    if not form.validate():
        return _account_page(form, TokenForm(), status=422)
    try:
        services.change_password(
            current_staff().id, form.current.data, form.password.data, utc_now(), session.get(LOGIN_KEY)
        )
    except InvalidInput as refusal:
        for error in refusal.errors:
            form[error.field].errors = [str(error.detail)]
        return _account_page(form, TokenForm(), status=refusal.status)
    flash(_("密码已更换,其他地方的登录都已退出。"), "success")
    return redirect(url_for("accounts.account"))


@bp.post("/account/sign-out-others")
@permission("home.read")
def sign_out_others() -> Response:
    ended = services.sign_out_everywhere(current_staff().id, utc_now(), session.get(LOGIN_KEY))
    flash(_("已退出其他 %(n)s 处登录。", n=ended), "success")
    return redirect(url_for("accounts.account"))


@bp.post("/account/tokens")
@permission("home.read")
def create_token() -> Response:
    """Answers with the page itself: the token is shown once and kept nowhere, not even in the cookie."""
    form = TokenForm(request.form)
    if not form.validate():
        return _account_page(PasswordForm(), form, status=422)
    staff_id = current_staff().id
    token = services.create_token(staff_id, form.label.data, staff_id, utc_now())
    return _account_page(PasswordForm(), TokenForm(), new_token=token)


@bp.post("/account/tokens/<int:token_id>/revoke")
@permission("home.read")
def revoke_token(token_id: int) -> Response:
    services.revoke_token(token_id, current_staff().id, utc_now())
    flash(_("令牌已作废,用它的程序从现在起不能再访问。"), "success")
    return redirect(url_for("accounts.account"))


def _is_demo() -> bool:
    settings = current_app.extensions["settings"]
    return bool(settings.demo and settings.environment == "development")


def _form_type() -> type[SignInForm]:
    return DemoSignInForm if _is_demo() else SignInForm


def _empty_form() -> SignInForm:
    """Empty, or filled in with the demo user that the address names."""
    wanted = request.args.get("demo")
    if _is_demo() and wanted in DEMO_USERS:
        return DemoSignInForm(data={"username": wanted, "password": DEMO_PASSWORD})
    return _form_type()()


def _sign_in_page(
    form: SignInForm, next_page: str, refusal: AppError | None = None, status: int = 200
) -> Response:
    demo = [(name, ROLE_LABELS[role]) for name, role in DEMO_USERS.items()] if _is_demo() else []
    page = render_template(
        "accounts/sign_in.html",
        form=form,
        next_page=next_page,
        refusal=refusal.detail if refusal else None,
        demo_users=demo,
        demo_password=DEMO_PASSWORD,
    )
    return make_response(page, refusal.status if refusal else status)


def _account_page(
    password_form: PasswordForm, token_form: TokenForm, *, status: int = 200, new_token: str | None = None
) -> Response:
    staff, now = current_staff(), utc_now()
    page = render_template(
        "accounts/account.html",
        staff=staff,
        password_form=password_form,
        token_form=token_form,
        new_token=new_token,
        logins=queries.logins_of(db.session(), staff.id, session.get(LOGIN_KEY, ""), now),
        tokens=queries.tokens_of(db.session(), staff.id),
    )
    return make_response(page, status)


def _left_at_closed(org_ids: Sequence[int]) -> Mapping[str, Any]:
    """Variables of accounts/_closed_orgs.html, for those who may give these accounts another place."""
    if not current_staff().may("orgs.write"):
        return {}
    return {"accounts_left": queries.grants_at(db.session(), org_ids), "role_labels": ROLE_LABELS}


CLOSED_PARTS.append(_left_at_closed)
