"""Customers' credit: spent at most once, given back at most once, never below zero."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.money import Money
from tests.workers.scene import capture
from workers import credit
from workers.credit import Debit
from workers.verify import verify

if TYPE_CHECKING:
    from tests.workers.scene import Scene

RIVALS = 64


def debit(reference: str, amount_minor: int = 100, currency: str = "NGN") -> Debit:
    return Debit(reference, "ada", Money(currency, amount_minor), client_id="shop")


def spend(scene: Scene, reference: str, amount_minor: int = 100) -> str:
    try:
        credit.debit(scene.database, debit(reference, amount_minor))
    except credit.InsufficientCredit:
        return "refused"
    return "spent"


def test_sixty_four_debits_at_once_spend_exactly_what_is_there(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))

    ended: list[str] = []
    scene.at_once(RIVALS, lambda number: ended.append(spend(scene, f"S{number}")))

    assert Counter(ended) == {"spent": 10, "refused": 54}
    assert (scene.credit(), scene.account("sms_revenue")) == (0, 1_000)
    assert verify(scene.database).problems == []


def test_a_customer_without_credit_spends_nothing(scene: Scene) -> None:
    assert spend(scene, "S1", 1) == "refused"
    assert scene.rows("SELECT * FROM sms_transactions") == []


def test_credit_of_another_currency_does_not_count(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))

    with pytest.raises(credit.InsufficientCredit):
        credit.debit(scene.database, debit("S1", 1, "USD"))


def test_a_reference_spends_once(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    credit.debit(scene.database, debit("S1"))

    with pytest.raises(psycopg.errors.UniqueViolation):
        credit.debit(scene.database, debit("S1"))

    assert scene.credit() == 900


def test_a_reference_that_looks_like_one_of_ours_is_refused(scene: Scene) -> None:
    with pytest.raises(credit.ReferenceRefused):
        credit.debit(scene.database, debit("p1:capture:T1"))


def test_a_debit_is_given_back_once_however_many_ask(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    credit.debit(scene.database, debit("S1", 400))

    ended: list[str] = []

    def reverse(_: int) -> None:
        try:
            credit.reverse(scene.database, "S1", client_id="shop")
        except credit.AlreadyReversed:
            ended.append("refused")
        else:
            ended.append("reversed")

    scene.at_once(8, reverse)

    assert Counter(ended) == {"reversed": 1, "refused": 7}
    assert (scene.credit(), scene.account("sms_revenue")) == (1_000, 0)
    assert verify(scene.database).problems == []


def test_what_was_never_spent_cannot_be_given_back(scene: Scene) -> None:
    with pytest.raises(credit.DebitUnknown):
        credit.reverse(scene.database, "S1", client_id="shop")
