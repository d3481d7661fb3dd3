"""The proof notices what contradicts it: each checker fails on a violation that is planted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.chaos.broken_books import PLANTED_IN_THE_DATABASE
from tests.chaos.broken_evidence import (
    BROKEN,
    PLANTED_ELSEWHERE,
    PLANTED_IN_WHAT_WAS_ASKED,
    PLANTED_IN_WHAT_WAS_SEEN,
)
from tests.chaos.kinds import KINDS
from tests.chaos.proof import (
    CHECKS,
    CHECKS_WITHOUT_FAULTS,
    answers,
    asked,
    credit,
    events,
    history,
    prove,
)
from tests.chaos.proof.evidence import (
    Asked,
    Evidence,
    Refund,
    Seen,
)
from tests.chaos.sound_world import SECRET, sound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


def test_what_excuses_an_answer_is_a_fault_that_there_is() -> None:
    excuses = frozenset({answers.STALE_BY}).union(*answers.EXCUSED.values())

    assert excuses <= KINDS.keys()


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
