"""Comparing one transaction with what we have of it: every way in which the two can differ."""

from __future__ import annotations

import dataclasses

import pytest

from domain.asking import Listed
from domain.delivery import ProviderEvent
from domain.facts import Fact, FactKind, FactStatus
from domain.judgement import Buried, Heard, judge
from domain.money import Money
from domain.reconciliation import (
    Here,
    There,
    Verdict,
    Window,
    compare,
    covered_through,
    here,
    there,
    unclaimed_name,
)

NGN_900, NGN_1000 = Money("NGN", 900), Money("NGN", 1_000)
PAID = There("T1", "p1", "success", NGN_1000, 0)
UNREADABLE = PAID._replace(amount=None, is_readable=False)
HELD = Here("p1", frozenset({NGN_1000}), {"NGN": 1_000})


def captured(amount: Money = NGN_1000, object_id: str = "T1") -> Fact:
    return Fact(FactKind.SUCCEEDED, object_id, FactStatus.SUCCEEDED, amount)


def refunded(amount_minor: int, object_id: str = "R1", capture_id: str | None = None) -> Fact:
    amount = Money("NGN", amount_minor)
    return Fact(FactKind.REFUND, object_id, FactStatus.SUCCEEDED, amount, capture_id)


@pytest.mark.parametrize(
    ("listed", "known", "verdict", "words"),
    [
        (PAID, HELD, Verdict.EQUAL, "the same"),
        (PAID, Here(), Verdict.MISSING_HERE, "nobody announced"),
        (PAID, Here("p1"), Verdict.MISSING_HERE, "has not heard"),
        (PAID, Here(posted_minor={"NGN": 1_000}), Verdict.EQUAL, "in suspense"),
        (PAID, Here(posted_minor={"NGN": 999}), Verdict.MISSING_HERE, "nobody has its money"),
        (PAID, Here(posted_minor={"USD": 1_000}), Verdict.MISSING_HERE, "nobody has its money"),
        (
            PAID,
            Here("p1", frozenset({NGN_900}), {"NGN": 900}),
            Verdict.MISMATCHED,
            "captured here: 900 NGN",
        ),
        (
            PAID,
            Here("p1", frozenset({NGN_900, NGN_1000}), {"NGN": 1_000}),
            Verdict.MISMATCHED,
            "captured here: 900 NGN and 1000 NGN",
        ),
        (
            PAID,
            Here("p1", frozenset({Money("USD", 1_000)}), {"USD": 1_000}),
            Verdict.MISMATCHED,
            "1000 USD",
        ),
        (
            PAID,
            dataclasses.replace(HELD, posted_minor={"NGN": 0}),
            Verdict.MISMATCHED,
            "in the books: nothing",
        ),
        (
            PAID,
            dataclasses.replace(HELD, posted_minor={"NGN": 1_000, "USD": 1}),
            Verdict.MISMATCHED,
            "1 USD",
        ),
        (PAID._replace(refunded_minor=1), HELD, Verdict.MISMATCHED, "given back: 1 there, 0 here"),
        (PAID._replace(refunded_minor=None), HELD, Verdict.EQUAL, "the same"),
        (
            PAID._replace(refunded_minor=300),
            dataclasses.replace(HELD, refunded_minor=(200, 400)),
            Verdict.EQUAL,
            "the same",
        ),
        (
            PAID._replace(refunded_minor=500),
            dataclasses.replace(HELD, refunded_minor=(200, 400)),
            Verdict.MISMATCHED,
            "given back: 500 there",
        ),
        (PAID._replace(amount=None, status="failed"), Here("p1"), Verdict.EQUAL, "no money"),
        (
            PAID._replace(amount=None, status="failed"),
            HELD,
            Verdict.MISMATCHED,
            "captured here, failed there",
        ),
        (UNREADABLE, Here(), Verdict.MISMATCHED, "cannot be read"),
    ],
)
def test_what_differs_is_told_apart(
    listed: There, known: Here, verdict: Verdict, words: str
) -> None:
    found = compare(listed, known)

    assert found.verdict is verdict
    assert words in found.note


def test_an_entry_of_the_list_is_compared_by_the_captures_that_webhooks_would_tell() -> None:
    listed = Listed("T1", "p1", "success", NGN_1000, 100, (captured(), refunded(100)), 0)
    two = dataclasses.replace(listed, facts=(captured(object_id="A"), captured(object_id="B")))

    assert there(listed) == (There("T1", "p1", "success", NGN_1000, 100),)
    assert [(each.object_id, each.refunded_minor) for each in there(two)] == [
        ("A", None),
        ("B", None),
    ]
    assert there(dataclasses.replace(listed, facts=()))[0].amount is None
    unreadable = there(dataclasses.replace(listed, facts=(), amount=None))
    assert not unreadable[0].is_readable


def test_refunds_count_for_the_capture_they_name_and_may_count_where_they_name_none() -> None:
    facts = (captured(), refunded(100), refunded(50, "R2", "T1"))
    several = (*facts, captured(object_id="T2"), refunded(7, "R3", "T2"))

    assert here("p1", facts, "T1", {}).refunded_minor == (150, 150)
    assert here("p1", several, "T1", {}).refunded_minor == (50, 150)
    assert here("p1", several, "T2", {}).refunded_minor == (7, 107)
    assert here("p1", several, "T2", {}).claims == {NGN_1000}
    assert here("p1", (), "T1", {}).claims == frozenset()


def test_money_nobody_announced_is_found_by_the_name_that_the_books_give_it() -> None:
    said = ProviderEvent("charge.success", "p1", facts=(captured(),))
    verdict = judge(Heard(1, "paystack", "main", None, replayed=False, said=said), None)

    assert isinstance(verdict, Buried)
    [movement] = verdict.unclaimed
    assert movement.object_id == unclaimed_name("paystack", "main", "T1", NGN_1000)


@pytest.mark.parametrize(
    ("windows", "mark"),
    [
        ([], None),
        ([(0, 10)], 10),
        ([(0, 10), (5, 20)], 20),
        ([(0, 10), (10, 20)], 20),
        ([(0, 10), (11, 20)], 10),
        ([(0, 10), (11, 20), (9, 21)], 21),
        ([(100, 200), (0, 50)], 200),
        ([(0, 10), (0, 5)], 10),
    ],
)
def test_what_is_covered_has_no_gap(windows: list[tuple[float, float]], mark: float | None) -> None:
    assert covered_through(Window(*each) for each in windows) == mark
