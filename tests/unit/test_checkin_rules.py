"""Codes: which pass, which do not, and how people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.checkin import rules

SECRET = b"k" * 32
NOW = datetime(2026, 3, 2, 1, 0, 0, tzinfo=UTC)


@given(
    st.binary(min_size=32, max_size=32),
    st.integers(1, 10**9),
    st.integers(1_577_836_800, 3_786_912_000),
)
def test_a_codes_own_step_and_the_next_accept_it(secret: bytes, session_id: int, unix: int) -> None:
    now = datetime.fromtimestamp(unix, UTC)
    step = rules.step_of(now, 15)
    code = rules.parse_long_code("https://x.example/c/" + rules.long_code(secret, session_id, step))
    assert code is not None
    ends = rules.step_ends_at(step, 15)
    assert rules.judge(code, secret, now, 15) is rules.Verdict.GOOD
    assert rules.judge(code, secret, ends + timedelta(seconds=14), 15) is rules.Verdict.GOOD
    assert rules.judge(code, secret, ends + timedelta(seconds=15), 15) is rules.Verdict.EXPIRED
    assert rules.judge(code, secret, now - timedelta(seconds=15), 15) is rules.Verdict.EXPIRED


@given(st.integers(1, 999), st.integers(1, 999))
def test_another_sessions_code_is_forged(session_id: int, other: int) -> None:
    step = rules.step_of(NOW, 15)
    mac = rules.long_code(SECRET, session_id, step).rsplit(".", 1)[1]
    verdict = rules.judge(rules.LongCode(other, step, mac), SECRET, NOW, 15)
    assert (verdict is rules.Verdict.GOOD) == (other == session_id)


def test_a_changed_step_or_secret_is_forged() -> None:
    step = rules.step_of(NOW, 15)
    code = rules.parse_long_code(rules.long_code(SECRET, 7, step))
    assert code is not None
    assert rules.judge(code, b"z" * 32, NOW, 15) is rules.Verdict.FORGED
    moved = rules.LongCode(7, step + 1, code.mac)
    assert rules.judge(moved, SECRET, NOW, 15) is rules.Verdict.FORGED


@given(st.text())
def test_any_text_is_read_without_error(text: str) -> None:
    rules.parse_long_code(text)
    digits = rules.parse_short_code(text)
    assert digits is None or (len(digits) == 6 and digits.isascii() and digits.isdigit())


def test_six_digits_are_read_as_people_type_them() -> None:
    for text in ("123456", "123 456", " 123-456 ", "\uff11\uff12\uff13\uff14\uff15\uff16", "12 34 56"):
        assert rules.parse_short_code(text) == "123456"
    for text in ("12345", "1234567", "12345a", "", "②②②②②②"):
        assert rules.parse_short_code(text) is None


def test_the_short_code_is_not_part_of_the_long_one() -> None:
    codes = {rules.short_code(SECRET, 7, step) for step in range(1000)}
    assert len(codes) > 990
    assert rules.matches_short(rules.short_code(SECRET, 7, rules.step_of(NOW, 15)), SECRET, 7, NOW, 15)
    assert not rules.matches_short(
        rules.short_code(SECRET, 7, rules.step_of(NOW, 15) - 2), SECRET, 7, NOW, 15
    )
