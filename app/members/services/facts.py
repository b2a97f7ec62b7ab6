"""Checks what is said about a person, and writes it with its search keys; every error at once, by field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from app.core.crypto import blind_index, seal
from app.core.errors import FieldError
from app.core.i18n import Text, lazy
from app.members.models import Member
from app.members.phones import normalise_phone
from app.members.pinyin import name_pinyin

EARLIEST = date(1900, 1, 1)
SEXES = ("男", "女")
_LETTERS = re.compile(r"[A-Za-z]")
_SURNAME_READING = re.compile(r"[A-Za-z]{1,20}")
_LENGTHS: dict[str, int] = {
    "ethnicity": 20,
    "education": 40,
    "membership_type": 20,
    "job": 100,
    "social_stratum": 60,
}
_DAYS = ("birth_date", "joined_party_on", "confirmed_on")


def clean_name(text: str) -> str:
    """Without spaces inside a Chinese name (张 三), with single ones between words in letters."""
    words = text.split()
    return (" " if _LETTERS.search(text) else "").join(words)


def clean_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Trim texts and make blank ones None; the name keeps its own rule."""
    cleaned = {
        key: (value.strip() or None) if isinstance(value, str) else value for key, value in facts.items()
    }
    if "name" in cleaned:
        cleaned["name"] = clean_name(str(cleaned["name"] or ""))
    return cleaned


def fact_errors(facts: Mapping[str, Any], today: date) -> Iterator[FieldError]:
    """What is wrong with cleaned `facts`; keys that are missing are not looked at."""
    if "name" in facts:
        if not facts["name"]:
            yield FieldError("name", "required", lazy("请填写姓名。"))
        elif len(facts["name"]) > 80 or not facts["name"].isprintable():
            yield FieldError("name", "invalid", lazy("姓名请不要超过 80 个字,也不要有特殊符号。"))
    if facts.get("phone") and not _is_phone(facts["phone"]):
        yield FieldError("phone", "invalid", lazy("手机号不对,应为 11 位,例如 13900000001。"))
    if facts.get("surname_pinyin") and not _SURNAME_READING.fullmatch(facts["surname_pinyin"]):
        yield FieldError("surname_pinyin", "invalid", lazy("姓氏读音请用拼音字母,不带声调,例如 shan。"))
    if facts.get("sex") and facts["sex"] not in SEXES:
        yield FieldError("sex", "invalid", lazy("性别请填“男”或“女”。"))
    for key, length in _LENGTHS.items():
        if len(facts.get(key) or "") > length:
            yield FieldError(key, "too_long", lazy("请不要超过 %(n)s 个字。", n=length))
    yield from _day_errors(facts, today)


def _day_errors(facts: Mapping[str, Any], today: date) -> Iterator[FieldError]:
    for key in _DAYS:
        day: date | None = facts.get(key)
        if day is not None and not EARLIEST <= day <= today:
            yield FieldError(key, "out_of_range", _day_words(day, today))
    joined, confirmed = facts.get("joined_party_on"), facts.get("confirmed_on")
    if joined and confirmed and confirmed < joined:
        yield FieldError("confirmed_on", "before_joined", lazy("转正日期不能早于入党日期。"))


def _day_words(day: date, today: date) -> Text:
    return lazy("日期在今天之后,请检查。") if day > today else lazy("日期太早,请检查年份。")


def _is_phone(text: str) -> bool:
    try:
        normalise_phone(text)
    except ValueError:
        return False
    return True


def write_facts(member: Member, facts: Mapping[str, Any]) -> list[str]:
    """Set cleaned and checked facts on the row, with pinyin and phone indexes; the names of what changed."""
    changed = [key for key, value in facts.items() if key != "phone" and getattr(member, key) != value]
    for key in changed:
        setattr(member, key, facts[key])
    if {"name", "surname_pinyin"} & set(changed) or not member.pinyin:
        member.pinyin, member.pinyin_initials = name_pinyin(member.name, member.surname_pinyin)
    if "phone" in facts and write_phone(member, facts["phone"]):
        changed.append("phone")
    return changed


def write_phone(member: Member, text: str | None) -> bool:
    """Seal the number and make its blind indexes; whether it is another one than before."""
    phone = normalise_phone(text) if text else None
    index = blind_index(phone, "phone") if phone else None
    if index == member.phone_index:
        return False
    member.phone_index = index
    member.phone_sealed = seal(phone, "phone") if phone else None
    member.phone_tail_index = blind_index(phone[-4:], "phone_tail") if phone else None
    return True
