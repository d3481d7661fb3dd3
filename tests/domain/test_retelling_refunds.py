"""Who says that a refund failed: the provider, or a person that gave it up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.timeline import Row, tell


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        ("provider:paystack", "the provider says that a refund failed"),
        ("operator:eve", "a person gave up a refund that nobody can prove"),
    ],
)
def test_a_refund_that_failed_says_whose_word_that_is(actor: str, words: str) -> None:
    told = {
        "from_state": "completed",
        "event": "refund_failed",
        "to_state": "completed",
        "actor": actor,
        "reason": "refund rf1",
        "captured_minor": 0,
        "refunded_minor": 0,
        "disputed_minor": 0,
        "currency": "NGN",
    }

    [entry] = tell([Row("transition", datetime(2026, 11, 1, tzinfo=UTC), 1, 1, told)]).entries

    assert words in entry.summary
    assert entry.actor == actor
