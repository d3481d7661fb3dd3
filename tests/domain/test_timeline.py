"""The timeline: causes before what they caused, plain words, and nothing that must not be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import timeline
from domain.retelling import amount, shown
from domain.timeline import ALL_WORDS, ENTRIES_MAX, Row, tell
from domain.transitions import LEGAL

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def step(version: int, at_s: float, *, event_id: int | None = None, **told: Any) -> Row:
    said = {
        "from_state": "pending",
        "event": "succeeded",
        "to_state": "completed",
        "actor": "provider:paystack",
        "reason": f"step {version}",
        "captured_minor": 0,
        "refunded_minor": 0,
        "disputed_minor": 0,
        "currency": "NGN",
    }
    return Row("transition", NOON + timedelta(seconds=at_s), event_id, version, said | told)


def event(event_id: int, at_s: float, *, command: str | None = None) -> Row:
    told = {
        "source": "paystack",
        "key": f"key {event_id}",
        "mode": None,
        "command": command,
        "lane": None,
        "next_at": None,
    }
    return Row("event", NOON + timedelta(seconds=at_s), event_id, event_id, told)


def said(rows: list[Row]) -> list[str]:
    return [f"{entry.kind} {entry.event_id}" for entry in tell(rows).entries]


def test_entries_are_told_in_the_order_of_time() -> None:
    assert said([step(1, 3, event_id=1), event(2, 5), event(1, 2)]) == [
        "event 1",
        "transition 1",
        "event 2",
    ]


def test_nothing_is_told_before_its_event_though_the_clock_was_set_back() -> None:
    assert said([step(1, -60, event_id=1), event(1, 0)]) == ["event 1", "transition 1"]


def test_steps_are_told_in_the_order_of_their_versions_whatever_the_clock_says() -> None:
    steps = [step(3, -9, event_id=3), step(1, 0, event_id=1), step(2, -5, event_id=2)]

    assert said(steps) == ["transition 1", "transition 2", "transition 3"]


def test_of_one_moment_the_cause_is_told_first() -> None:
    asked = Row(
        "refund_asked",
        NOON,
        None,
        1,
        {
            "reference": "rf_1",
            "amount_minor": 100,
            "currency": "NGN",
            "status": "requested",
            "reason": None,
            "actor": "client:shop",
        },
    )
    held = Row(
        "movement",
        NOON,
        1,
        1,
        {
            "effect": "refund_hold",
            "object_id": "rf_1",
            "currency": "NGN",
            "credit_minor": -100,
            "suspense_minor": 0,
            "moved_minor": 100,
        },
    )

    assert said([held, event(1, 0), asked]) == ["refund None", "event 1", "movement 1"]


@given(st.permutations([*(event(n, n % 3) for n in range(1, 6)), *(step(n, 0) for n in range(5))]))
def test_the_order_of_the_rows_is_no_matter(rows: list[Row]) -> None:
    ordered = [*(event(n, n % 3) for n in range(1, 6)), *(step(n, 0) for n in range(5))]

    assert tell(rows) == tell(ordered)


def test_a_long_timeline_keeps_its_newest_entries() -> None:
    rows = [event(number, number) for number in range(ENTRIES_MAX + 1)]

    told = tell(rows)

    assert (len(told.entries), told.entries[0].event_id, told.is_cut) == (ENTRIES_MAX, 1, True)
    assert tell(rows[1:]).is_cut is False


def test_every_legal_step_has_words_and_a_rule() -> None:
    for edge in LEGAL:
        row = step(
            1, 0, from_state=edge.from_state, event=edge.event, to_state=edge.to_state, reason="why"
        )
        [entry] = tell([row]).entries
        moved = "Stayed" if edge.from_state == edge.to_state else "Moved"
        assert entry.summary.startswith(f"{moved} ")
        assert f": {edge.event} (why)" not in entry.summary
        assert entry.rule is not None
        assert entry.rule.startswith(f"{edge.event} in {edge.from_state}: ")
        assert "refuse" not in entry.rule


def test_a_step_that_did_not_move_says_what_kept_it() -> None:
    kept = step(1, 0, from_state="completed", event="refunded_in_part", to_state="completed")

    [entry] = tell([kept]).entries

    assert entry.rule == "refunded_in_part in completed: move when whole, and it is not"


def test_a_command_that_cannot_be_read_has_no_actor() -> None:
    for command in ("bm90IGpzb24=", "%%%", ""):
        [entry] = tell([event(1, 0, command=command)]).entries
        assert entry.actor is None


@pytest.mark.parametrize(
    ("amount_minor", "currency", "written"),
    [
        (125_000, "NGN", "1,250.00 NGN"),
        (5, "USD", "0.05 USD"),
        (1_234_567, "JPY", "1,234,567 JPY"),
        (1_001, "KWD", "1.001 KWD"),
        (-250, "NGN", "-2.50 NGN"),
        (2**62, "NGN", "46,116,860,184,273,879.04 NGN"),
    ],
)
def test_amounts_are_written_as_people_do(amount_minor: int, currency: str, written: str) -> None:
    assert amount(amount_minor, currency) == written


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no such customer: ada@example.com", "no such customer: [e-mail]"),
        ("<ada.b+c@mail.example.co.uk>, bob@x.io", "<[e-mail]>, [e-mail]"),
        ("Invalid API Key: sk_live_0123456789abcdef", "Invalid API Key: [secret]"),
        ("Authorization: Bearer prk_abcdefg_0123456", "Authorization: [secret]"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw rest", "[secret] rest"),
        ("rf_naatdfsmdhexa54qj44ougtah4", "rf_naatdfsmdhexa54qj44ougtah4"),
        ("two\nlines\x1b[31m \u202ered", "two lines [31m red"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_what_must_not_be_shown_is_struck_out(text: str, told: str) -> None:
    assert shown(text) == told


def test_every_part_of_the_statement_has_words() -> None:
    assert set(ALL_WORDS) == {
        *("announced", "event", "variant", "attempt", "transition", "call", "movement"),
        "event_replayed",
        *("refund_asked", "refund_settled"),
        *("letter_died", "letter_died_again", "letter_replayed", "letter_resolved"),
        *("letter_discarded", "letter_reopened", "letter_edited", "letter_noted"),
        *("letter_assigned", "letter_revealed", "letter_exported", "letter_held"),
        *("correction", "edit", "approval_asked", "approval_decided", "refused"),
    }
    assert timeline.ROWS_MAX == ENTRIES_MAX + 1
