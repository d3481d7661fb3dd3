"""Who bears what is given back: whoever has the capture, suspense first where nobody is named."""

from __future__ import annotations

from dataclasses import replace

from domain import captures, purse
from domain.facts import Fact, FactKind, FactStatus
from domain.money import EXPONENTS, Money
from domain.outflows import Outflow
from domain.payment import CUSTOMER_ID, REFERENCE, Position
from domain.purse import Purse
from domain.transitions import Event, State, path
from tests.domain.histories import ASKED, captured, fee

CLEARING, CREDIT, SUSPENSE = "provider_clearing:paystack", "customer_credit:ada", "suspense"


def held(*taken: Fact, asked: object = ASKED) -> Purse:
    of = ASKED if asked is ASKED else replace(ASKED, cancelled=True)
    made = Purse(of, captures.count(of, taken))
    made.captures()
    return made


def given_back(
    amount_minor: int,
    capture_id: str | None = None,
    *,
    name: str = "R1",
    effect: str = "refund",
    currency: str = "NGN",
) -> Outflow:
    return Outflow(effect, name, currency, amount_minor, capture_id)


def shares(purse_: Purse, *known: Outflow) -> dict[str, tuple[int, int]]:
    """Return what the customer and suspense bear of each outflow; all of it leaves the provider."""
    found = {}
    for (effect, name), net in purse_.outflows(known).items():
        [outflow] = [each for each in known if (each.effect, each.object_id) == (effect, name)]
        currency = outflow.currency
        assert net[CLEARING, currency] == outflow.amount_minor
        assert sum(net.values()) == 0
        found[name] = (-net[CREDIT, currency], -net[SUSPENSE, currency])
    return found


def test_the_first_capture_as_asked_is_the_customers_and_every_other_in_suspense() -> None:
    of = Purse(ASKED, captures.count(ASKED, [captured(), captured(400, "T2"), captured(7, "T3")]))
    assert of.captures() == {
        ("capture", "T1"): {(CLEARING, "NGN"): -1_000, (CREDIT, "NGN"): 1_000},
        ("capture", "T2"): {(CLEARING, "NGN"): -400, (SUSPENSE, "NGN"): 400},
        ("capture", "T3"): {(CLEARING, "NGN"): -7, (SUSPENSE, "NGN"): 7},
    }
    assert of.credited_minor == {"NGN": 1_000}
    assert of.suspense_minor == {"NGN": 407}


def test_nothing_is_credited_of_a_payment_that_was_cancelled() -> None:
    of = held(captured(), asked=None)
    assert (of.credited_minor, of.suspense_minor) == ({"NGN": 0}, {"NGN": 1_000})
    assert shares(of, given_back(300, "T1"), given_back(800, name="R2")) == {
        "R1": (0, 300),
        "R2": (0, 800),
    }


def test_whoever_has_the_capture_that_is_named_bears_it() -> None:
    of = held(captured(), captured(400, "T2"))
    assert shares(of, given_back(300, "T1"), given_back(100, "T2", name="R2")) == {
        "R1": (300, 0),
        "R2": (0, 100),
    }
    assert of.suspense_minor == {"NGN": 300}
    assert of.refunded_by_customer_minor == {"NGN": 300}


def test_where_none_is_named_suspense_bears_it_as_far_as_it_reaches() -> None:
    of = held(captured(), captured(400, "T2"))
    assert shares(of, given_back(700)) == {"R1": (300, 400)}
    assert of.suspense_minor == {"NGN": 0}
    assert shares(of, given_back(50, name="R2")) == {"R2": (50, 0)}


def test_those_that_name_their_capture_come_first_whatever_was_heard_first() -> None:
    nameless, named = given_back(400), given_back(400, "T2", name="R2")
    for known in ((nameless, named), (named, nameless)):
        of = held(captured(), captured(400, "T2"))
        assert shares(of, *known) == {"R1": (400, 0), "R2": (0, 400)}


def test_of_captures_that_are_alike_the_surplus_bears_first_whichever_is_named() -> None:
    for first, second in (("T1", "T2"), ("T2", "T1")):
        of = held(captured(), captured(object_id="T2"))
        found = shares(of, given_back(600, first), given_back(600, second, name="R2"))
        assert found == {"R1": (0, 600), "R2": (200, 400)}


def test_a_lost_dispute_takes_credit_without_being_a_refund() -> None:
    of = held(captured())
    assert shares(of, given_back(300, effect="chargeback")) == {"R1": (300, 0)}
    assert of.refunded_by_customer_minor == {}


def test_what_is_given_back_in_a_currency_that_never_came_is_foreign() -> None:
    of = held(captured())
    assert shares(of, given_back(9, currency="USD")) == {"R1": (9, 0)}
    assert shares(of, given_back(2, currency="USD", name="R2")) == {"R2": (2, 0)}
    assert of.foreign_minor == {"USD": 11}
    assert of.refunded_by_customer_minor == {}
    assert shares(of, given_back(0, currency="EUR", name="R3")) == {"R3": (0, 0)}
    assert of.foreign_minor == {"USD": 11}


def test_what_a_person_gave_back_leaves_suspense() -> None:
    of = held(captured(), captured(400, "T2"))
    told = {"T2": Money("NGN", 400), "T9": Money("USD", 5)}
    assert of.given_back(told) == {
        ("given_back", "T2"): {(CLEARING, "NGN"): 400, (SUSPENSE, "NGN"): -400},
        ("given_back", "T9"): {(CLEARING, "USD"): 5, (SUSPENSE, "USD"): -5},
    }
    assert of.suspense_minor == {"NGN": 0, "USD": -5}
    assert shares(of, given_back(7, currency="USD")) == {"R1": (7, 0)}


def test_of_fees_that_differ_the_largest_is_posted() -> None:
    bare = Fact(FactKind.FEE, "T2", FactStatus.KNOWN, Money("USD", 3))
    assert purse.fees(ASKED, {"T1": [fee(15), fee(20), fee(10)], "T2": [bare]}) == {
        ("fee", "T1"): {(CLEARING, "NGN"): 20, ("fees:paystack", "NGN"): -20},
        ("fee", "T2"): {(CLEARING, "USD"): 3, ("fees:paystack", "USD"): -3},
    }


def test_a_position_of_which_nothing_is_said_is_empty() -> None:
    at = Position(State.PENDING)
    assert (at.captured_minor, at.refunded_minor, at.disputed_minor) == (0, 0, 0)
    assert (dict(at.effects), at.contradictions, at.waiting) == ({}, frozenset(), frozenset())


def test_a_reference_and_a_customer_have_a_hundred_characters_of_their_alphabet_at_most() -> None:
    for pattern, more in ((REFERENCE, ""), (CUSTOMER_ID, ":@")):
        assert pattern.fullmatch("aZ09._=-" + more)
        assert pattern.fullmatch("x" * 100)
        assert not pattern.fullmatch("x" * 101)
        assert not pattern.fullmatch("")
        assert not pattern.fullmatch("a b")
    assert not REFERENCE.fullmatch("a:b")


def test_a_payment_that_stays_where_it_is_takes_no_detour() -> None:
    for state in State:
        assert path(state, Event.CANCELLED, state) == ()


def test_there_are_as_many_currencies_as_iso_4217_has_in_use() -> None:
    """A code that goes missing from the table is money that nobody can pay any more."""
    counts = {exponent: list(EXPONENTS.values()).count(exponent) for exponent in (0, 2, 3)}
    assert counts == {0: 17, 2: 133, 3: 7}
    assert len(EXPONENTS) == sum(counts.values())
