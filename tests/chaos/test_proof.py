"""The proof notices what contradicts it: each checker fails on a violation that is planted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.chaos.broken_books import PLANTED_IN_THE_DATABASE
from tests.chaos.proof import CHECKS, CHECKS_WITHOUT_FAULTS, asked, credit, events, history, prove
from tests.chaos.proof.evidence import (
    Acked,
    Asked,
    Booked,
    Compared,
    Debit,
    Evidence,
    Made,
    Refund,
    Seen,
)
from tests.chaos.sound_world import BOOKED, HEARD, SECRET, sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


BROKEN = Compared(1, ("something is wrong",))
PLANTED_ELSEWHERE: Mapping[str, tuple[dict[str, object], set[str]]] = {
    "an event was acknowledged twice, with two ids": (
        {"acked": (Acked(0, 1), Acked(0, 2), Acked(2, 3))},
        {"an event that is acknowledged twice has one id"},
    ),
    "two events were acknowledged with one id": (
        {"acked": (Acked(0, 1), Acked(1, 1), Acked(2, 3))},
        {"an event that is acknowledged twice has one id"},
    ),
    "nothing was acknowledged": (
        {"acked": ()},
        {"no acknowledged event is lost", "an event that is acknowledged twice has one id"},
    ),
    "the provider has another amount": (
        {"booked": (BOOKED[0]._replace(captured_minor=1001),)},
        {
            "each payment's money is what its provider booked",
            "the sums by provider and currency are what the providers' books say",
            "captured and refunded on each payment are as booked",
            "each payment has raised its customer's credit by what is theirs",
        },
    ),
    "the provider has another currency": (
        {"booked": (BOOKED[0]._replace(currency="USD"),)},
        {
            "each payment's money is what its provider booked",
            "the sums by provider and currency are what the providers' books say",
            "captured and refunded on each payment are as booked",
            "each payment has raised its customer's credit by what is theirs",
        },
    ),
    "a payment has failed, and the provider has its money": (
        {"booked": (*BOOKED, Booked("stripe", "ORD-2", "USD", 500, 0, 0, 0))},
        {
            "each payment's money is what its provider booked",
            "the sums by provider and currency are what the providers' books say",
            "captured and refunded on each payment are as booked",
            "each payment has raised its customer's credit by what is theirs",
            "no payment is final otherwise than its provider's books say",
        },
    ),
    "money came for an announced payment that is not there": (
        {"booked": (*BOOKED, Booked("paystack", "ORD-3", "NGN", 0, 0, 0, 0))},
        {"payments are kept as they were announced"},
    ),
    "a payment is there that was never announced": (
        {"booked": (BOOKED[0]._replace(is_announced=False),)},
        {"payments are kept as they were announced"},
    ),
    "the audit is not content": (
        {"audit": {"ok": False, "checked": 2, "problems": ["the hash chain is broken"]}},
        {"`payratchet audit verify` agrees"},
    ),
    "the audit could not be asked": (
        {"audit": {"error": "it did not end"}},
        {"`payratchet audit verify` agrees"},
    ),
    "an intent was opened twice": (
        {"made": Made({("initialize", "ORD-1"): 2}, (Refund("ORD-1", 100, "succeeded"),))},
        {"an intent has one effect at its provider"},
    ),
    "a refund was made twice": (
        {"made": Made({("initialize", "ORD-1"): 1}, (Refund("ORD-1", 100, "succeeded"),) * 2)},
        {"an intent has one effect at its provider"},
    ),
    "a refund failed there and succeeded here": (
        {"made": Made({("initialize", "ORD-1"): 1}, (Refund("ORD-1", 100, "failed"),))},
        {"no refund ends here otherwise than at its provider"},
    ),
    "a webhook was answered 500": (
        {"heard": replace(HEARD, answers=Counter({200: 3, 500: 1}))},
        {
            "every webhook is answered honestly, and never with a 500",
            "without faults, every genuine webhook is answered 200",
        },
    ),
    "a webhook was answered 401, and nobody has changed a secret": (
        {"heard": replace(HEARD, answers=Counter({200: 3, 401: 1}))},
        {
            "every webhook is answered honestly, and never with a 500",
            "without faults, every genuine webhook is answered 200",
        },
    ),
    "a webhook was answered 401 while a secret was changed": (
        {
            "heard": replace(
                HEARD, answers=Counter({200: 3, 401: 1}), struck=frozenset({"secret_rotation"})
            )
        },
        {"without faults, every genuine webhook is answered 200"},
    ),
    "a signature of an hour ago was let in": (
        {"heard": replace(HEARD, stale=1)},
        {"what nobody authenticated has changed nothing"},
    ),
    "a signature of an hour ago was let in by a wrong clock": (
        {"heard": replace(HEARD, stale=1, struck=frozenset({"clock_jump"}))},
        set(),
    ),
    "a webhook was answered 503 without a fault": (
        {"heard": replace(HEARD, answers=Counter({200: 3, 503: 1}))},
        {"without faults, every genuine webhook is answered 200"},
    ),
    "a webhook got no answer without a fault": (
        {"heard": replace(HEARD, unanswered=1)},
        {"without faults, every genuine webhook is answered 200"},
    ),
    "a 503 did not say when to come back": (
        {"heard": replace(HEARD, dishonest=("no Retry-After",))},
        {"every webhook is answered honestly, and never with a 500"},
    ),
    "an event was accepted twice": (
        {"heard": replace(HEARD, contradictions=("accepted twice",))},
        {"an event that is acknowledged twice has one id"},
    ),
    "a forged request became an event": (
        {"heard": replace(HEARD, forged=("r-1",))},
        {"what nobody authenticated has changed nothing"},
    ),
    "a client was let in too often": (
        {"heard": replace(HEARD, hasty=BROKEN)},
        {"without faults, no client is let in beyond its limit"},
    ),
    "an attack was not refused": (
        {"heard": replace(HEARD, attacks=BROKEN)},
        {"what nobody authenticated has changed nothing"},
    ),
}
PLANTED_IN_WHAT_WAS_ASKED: Mapping[str, tuple[dict[str, object], set[str]]] = {
    "a payment was told and is not there": (
        {"payments": {"ORD-1": ("ada", 1000, "NGN"), "ORD-3": ("ada", 1, "NGN")}},
        {"what services were told is kept as they asked"},
    ),
    "a payment is there that nobody was told of": (
        {"payments": {}},
        {"nothing is kept for a service that it was not told of"},
    ),
    "a refund is there that nobody was told of": (
        {"refunds": {}},
        {"nothing is kept for a service that it was not told of"},
    ),
    "a debit is there that nobody was told of": (
        {"debits": {}},
        {"nothing is kept for a service that it was not told of"},
    ),
    "a refund was told and is not there": (
        {"refunds": {"RE-1": ("ORD-1", 100), "RE-2": ("ORD-1", 1)}},
        {"what services were told is kept as they asked"},
    ),
    "a debit was told otherwise": (
        {"debits": {"SMS-1": Debit("ada", 51, "NGN")}},
        {"what services were told is kept as they asked"},
    ),
    "a debit was given back, as was told": (
        {"reversed": frozenset({"SMS-1"})},
        {"what services were told is kept as they asked"},
    ),
    "a key gave two answers": (
        {"same_bytes": BROKEN},
        {"the same key gives the same answer, byte for byte"},
    ),
    "a key was taken for another request": (
        {"other_body_refused": BROKEN},
        {"the same key with another body is refused with 422"},
    ),
    "a service was answered otherwise than it may expect": (
        {"unexpected": BROKEN},
        {"every service is answered as the contract says"},
    ),
    "two refunds at once went beyond the capture": (
        {"within_capture": BROKEN},
        {"no refund goes beyond its capture"},
    ),
}
PLANTED_IN_WHAT_WAS_SEEN = {
    "snapshots": "balances are the sum of the ledger, also in 1 snapshots",
    "bounds": "memory, files, threads, connections and tables stay bounded",
    "processes": "every process runs at the end",
    "settled": "everything is settled in time after the faults end",
    "duties": "what is owed while faults strike is done: stops, burials, migrations, pages",
}


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url) as opened:
        yield opened


@pytest.fixture
def evidence(connection: psycopg.Connection, tmp_path: Path) -> Evidence:
    return sound(connection, tmp_path)


def broken(evidence: Evidence) -> set[str]:
    """Return the names of what does not hold."""
    evidence.lay_out()
    return {each.name for each in prove(evidence) if not each.holds}


def test_everything_holds_in_a_world_in_order(evidence: Evidence) -> None:
    evidence.lay_out()
    found = prove(evidence)

    assert [each for each in found if not each.holds] == []
    assert len(found) == len(CHECKS) + len(CHECKS_WITHOUT_FAULTS)
    assert all(each.checked > 0 for each in found)
    assert (events.missing(evidence), history.doubled(evidence)) == (0, 0)
    assert events.places(evidence) == {"applied": 2, "set aside": 1}


@pytest.mark.parametrize("planted", PLANTED_IN_THE_DATABASE)
def test_what_is_planted_in_the_database_is_found(evidence: Evidence, planted: str) -> None:
    statements, names = PLANTED_IN_THE_DATABASE[planted]
    evidence.connection.execute(statements.encode())

    assert broken(evidence) == names


@pytest.mark.parametrize("planted", PLANTED_ELSEWHERE)
def test_what_is_planted_elsewhere_is_found(evidence: Evidence, planted: str) -> None:
    change, names = PLANTED_ELSEWHERE[planted]

    assert broken(replace(evidence, **change)) == names  # type: ignore[arg-type] # by field


@pytest.mark.parametrize("planted", PLANTED_IN_WHAT_WAS_ASKED)
def test_what_is_planted_in_what_was_asked_is_found(evidence: Evidence, planted: str) -> None:
    change, names = PLANTED_IN_WHAT_WAS_ASKED[planted]
    asked: Asked = replace(evidence.asked, **change)  # type: ignore[arg-type] # by field

    assert broken(replace(evidence, asked=asked)) == names


@pytest.mark.parametrize("field", PLANTED_IN_WHAT_WAS_SEEN)
def test_what_is_planted_in_what_was_seen_is_found(evidence: Evidence, field: str) -> None:
    change: dict[str, object] = {field: BROKEN}
    seen: Seen = replace(evidence.seen, **change)  # type: ignore[arg-type] # by field

    assert broken(replace(evidence, seen=seen)) == {PLANTED_IN_WHAT_WAS_SEEN[field]}


@pytest.mark.parametrize("why", ["a lie", "a cancellation"])
def test_money_waits_for_a_person_only_where_a_lie_or_a_cancellation_explains_it(
    evidence: Evidence, why: str
) -> None:
    statements, names = PLANTED_IN_THE_DATABASE[
        "a payment waits for a person, and nothing is wrong with it"
    ]
    evidence.connection.execute(statements.encode())
    evidence.connection.execute(
        "UPDATE ledger_entries SET account = 'suspense' WHERE account = 'customer_credit:ada'"
        " AND payment_id IS NOT NULL"
    )
    evidence.connection.execute("UPDATE customer_balances SET balance_minor = -50")
    named = frozenset({"ORD-1"})
    explained = (
        replace(evidence, made=replace(evidence.made, lied=named))
        if why == "a lie"
        else replace(evidence, asked=replace(evidence.asked, cancelled=named))
    )

    explained.lay_out()

    assert credit.credit_is_what_was_paid(explained).holds
    assert {credit.credit_is_what_was_paid(evidence).name} == names
    assert not credit.credit_is_what_was_paid(evidence).holds


def test_what_a_provider_does_twice_by_itself_is_no_effect_of_ours(evidence: Evidence) -> None:
    twice = (Refund("ORD-1", 100, "succeeded"), Refund("ORD-1", 100, "succeeded"))
    ours = replace(evidence.made, refunds=twice)
    its_own = replace(ours, doubled={"ORD-1": 1})

    assert not asked.an_intent_has_one_effect(replace(evidence, made=ours)).holds
    assert asked.an_intent_has_one_effect(replace(evidence, made=its_own)).holds

    another = replace(its_own, refunds=(twice[0], Refund("ORD-1", 99, "succeeded")))
    assert not asked.an_intent_has_one_effect(replace(evidence, made=another)).holds


def test_a_secret_in_a_log_is_found_across_the_pieces_that_are_read(
    evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.chaos.proof.running.READ_BYTES", 10)
    (tmp_path / "web-1.log").write_text(f"starting with {SECRET} and more")

    assert broken(evidence) == {"no secret is in any log"}


@pytest.mark.parametrize(
    "line",
    [
        'ERROR:  duplicate key value violates unique constraint "payment_facts_once"',
        'ERROR:  new row violates check constraint "payment_logs_sums_not_negative_check"',
        "ERROR:  could not serialize access due to concurrent update",
        "ERROR:  deadlock detected",
        "ERROR:  payment ORD-1 changed without the steps that lead there",
    ],
)
def test_a_constraint_that_had_to_help_is_found_in_a_run_without_faults(
    evidence: Evidence, tmp_path: Path, line: str
) -> None:
    (tmp_path / "postgres.log").write_text(f"2026-11-23 [7] {line}\n")

    assert broken(evidence) == {"without faults, no constraint came to the rescue"}
    assert broken_again(evidence) == set()


def broken_again(evidence: Evidence) -> set[str]:
    """Return what does not hold where faults have struck: there, constraints may help."""
    evidence.connection.execute("DROP TABLE chaos_acked, chaos_booked")
    return broken(replace(evidence, is_fault_free=False))


def test_a_constraint_that_is_the_decision_is_no_rescue(evidence: Evidence, tmp_path: Path) -> None:
    line = 'ERROR:  duplicate key value violates unique constraint "idempotency_keys_pkey"'
    (tmp_path / "postgres.log").write_text(f"{line}\n")

    assert broken(evidence) == set()
