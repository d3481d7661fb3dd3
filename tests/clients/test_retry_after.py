from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workers.clients.wire import retry_after_s

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("3600", 3600.0),
        ("Mon, 02 Mar 2026 06:01:00 GMT", 60.0),
        ("Mon, 02 Mar 2026 06:01:00", 60.0),
        ("Mon, 02 Mar 2026 07:00:01 GMT", None),
        ("Mon, 02 Mar 2026 05:59:59 GMT", None),
        ("Mon, 99 Mar 2026 05:59:59 GMT", None),
        ("\u0661\u0662", None),
        ("", None),
    ],
)
def test_a_pause_is_taken_in_seconds_and_as_a_date(text: str, expected_s: float | None) -> None:
    assert retry_after_s(text, now=NOW) == expected_s
