"""The suite itself: what is collected is run."""

from __future__ import annotations

from collections import Counter

import pytest


def test_no_two_tests_have_one_id(request: pytest.FixtureRequest) -> None:
    """xdist runs one of them, and says nothing of the others."""
    times = Counter(item.nodeid for item in request.session.items)
    assert [name for name, n in times.items() if n > 1] == []
