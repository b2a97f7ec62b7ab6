"""User names, passwords, addresses, and where a sign-in may lead."""

from __future__ import annotations

import unicodedata
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import (
    MIN_PASSWORD,
    PasswordFault,
    is_username,
    normal_username,
    password_fault,
)
from app.core import passwords
from app.core.access import safe_next
from app.core.errors import TooManyTries
from app.core.passwords import DECOY, hash_password, needs_new_hash, password_fits
from app.core.throttle import address_subject

SITE = "https://study.example"
NASTY = st.text(alphabet=st.sampled_from("/\\:@?#.%\t\r\n\x00\x0b aehlopstvx0259F;=&evil。/"), max_size=30)


def as_a_browser_reads(target: str) -> str:
    """What the URL standard does before it parses: drops tabs and line ends, reads \\ as /."""
    kept = target.strip("".join(map(chr, range(33))))
    for dropped in "\t\r\n":
        kept = kept.replace(dropped, "")
    return kept.replace("\\", "/")


@given(st.one_of(NASTY, NASTY.map(lambda text: "/" + text), st.text(), st.just("//evil.example")))
def test_a_sign_in_never_leads_off_the_site(target: str) -> None:
    went = urljoin(SITE + "/sign-in", as_a_browser_reads(safe_next(target, "/")))
    assert (urlsplit(went).scheme, urlsplit(went).netloc) == ("https", "study.example")


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "\\\\evil", "", None,
     "javascript:alert(1)", "/%0d/\r\nLocation: //evil", " //evil.example"],
)  # fmt: skip
def test_what_is_no_path_of_the_site_is_replaced(target: str | None) -> None:
    assert safe_next(target, "/fallback") == "/fallback"


@pytest.mark.parametrize("target", ["/", "/members?q=张", "/reports/uncovered?from=2019-01-01&org=A#rows"])
def test_a_path_of_the_site_is_kept(target: str) -> None:
    assert safe_next(target, "/fallback") == target


@given(st.text())
def test_a_user_name_has_one_spelling(text: str) -> None:
    once = normal_username(text)
    assert normal_username(once) == once
    assert normal_username(text.strip() + " ") == once


def test_full_width_and_capital_letters_are_the_same_user() -> None:
    assert normal_username(" Ａdmin１ ") == "admin1"


@pytest.mark.parametrize("name", ["王书记", "a.b@c-d_e", "li si"])
def test_user_names_are_words_of_any_script(name: str) -> None:
    assert is_username(name)


@pytest.mark.parametrize("name", ["", "a/b", "a\x00b", "x" * 61, "<b>"])
def test_user_names_hold_no_control_and_no_markup(name: str) -> None:
    assert not is_username(name)


@given(st.text(min_size=1, max_size=40))
def test_a_password_is_refused_for_its_length_only_when_it_is_short(password: str) -> None:
    fault = password_fault(password, "somebody-else")
    is_short = len(unicodedata.normalize("NFKC", password)) < MIN_PASSWORD
    assert (fault is PasswordFault.TOO_SHORT) == is_short


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("123456789", PasswordFault.TOO_SHORT),
        ("x" * 201, PasswordFault.TOO_LONG),
        ("Zhang.Secretary", PasswordFault.SAME_AS_NAME),
        ("PassWord123", PasswordFault.COMMON),
        ("１２３４５６７８９０", PasswordFault.COMMON),
        ("红星照耀的十个字的密码", None),
        ("bulou-demo", None),
    ],
)
def test_a_new_password_must_be_long_and_neither_the_name_nor_a_common_one(
    password: str, fault: PasswordFault | None
) -> None:
    assert password_fault(password, "zhang.secretary") == fault


def test_tries_of_one_ipv6_household_count_together() -> None:
    assert address_subject("2001:db8:1:2::1") == address_subject("2001:db8:1:2:ffff::9")
    assert address_subject("2001:db8:1:2::1") != address_subject("2001:db8:1:3::1")
    assert address_subject("192.0.2.1") != address_subject("192.0.2.2")
    assert address_subject("unix:") == address_subject("")


def test_unknown_users_cost_the_same_hash_as_known_ones() -> None:
    assert not needs_new_hash(DECOY)
    assert not password_fits(None, "whatever it may be")


def test_a_password_typed_full_width_is_the_same_password() -> None:
    stored = hash_password("tea-Wednesday-7")
    assert password_fits(stored, "ｔｅａ－Ｗｅｄｎｅｓｄａｙ－７")
    assert not password_fits(stored, "tea-Wednesday-8")


def test_a_burst_of_sign_ins_waits_for_a_place_and_is_then_turned_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0)
    with passwords._place(), passwords._place(), pytest.raises(TooManyTries) as refusal:
        hash_password("tea-Wednesday-7")
    assert refusal.value.code == "busy"
    assert hash_password("tea-Wednesday-7")
