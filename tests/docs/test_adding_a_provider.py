"""The worked example of docs/adding-a-provider.md is a dialect like any other."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.facts import FactKind
from domain.money import Money
from tests.conformance import test_negative_bodies, test_negative_cases, test_senders
from tests.conformance.sender import AMOUNT_MINOR, Sender, dumped
from tests.docs.pages import ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = ROOT / "docs" / "adding-a-provider.md"
DIALECT_LINES_MAX = 40
CASES: dict[str, Callable[[Sender], None]] = {
    name: case.__wrapped__
    for name, case in (
        vars(test_negative_cases) | vars(test_negative_bodies) | vars(test_senders)
    ).items()
    if hasattr(case, "__wrapped__")
}


def _ran(code: str, name: str) -> dict[str, Any]:
    """Return what the page's block defines, as a module of that name would."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(code, str(PAGE), "exec"), vars(module))
    return vars(module)


@pytest.fixture(scope="module")
def sender() -> Sender:
    dialect, sending = blocks(PAGE, "python")
    made = _ran(dialect, "example_pay_of_the_page")["ExamplePay"]()
    found: Sender = _ran(sending, "example_pay_sender_of_the_page")["SENDER"]
    return replace(found, dialect=made)


def test_a_plain_dialect_is_under_forty_lines() -> None:
    dialect, _ = blocks(PAGE, "python")
    assert len(dialect.splitlines()) <= DIALECT_LINES_MAX


@pytest.mark.parametrize("case", sorted(CASES))
def test_the_example_is_held_to_what_every_dialect_is(sender: Sender, case: str) -> None:
    CASES[case](sender)


def test_its_other_events_become_what_the_vocabulary_says(sender: Sender) -> None:
    about = {"id": "re_1", "payment": "pay_1", "amount": AMOUNT_MINOR, "currency": "NGN"}
    refund, failure, other = (
        sender.told(dumped({"id": "evt", "type": type_, "object": about}))
        for type_ in ("refund.done", "payment.failed", "payout.sent")
    )

    assert [(fact.kind, fact.amount, fact.capture_id) for fact in refund.facts] == [
        (FactKind.REFUND, Money("NGN", AMOUNT_MINOR), "pay_1")
    ]
    assert [fact.kind for fact in failure.facts] == [FactKind.FAILED]
    assert other.facts == ()
