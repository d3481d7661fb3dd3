"""What an event is worth that proves nothing, or whose money is somebody else's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.delivery import Hearsay, Hint, Mode, ProviderEvent
from domain.facts import Fact, FactKind, FactStatus
from domain.fold import fold
from domain.judgement import (
    Buried,
    Changed,
    Heard,
    Known,
    Unchanged,
    judge,
    unclaimed_id,
    unclaimed_stem,
)
from domain.payment import BY_PERSON, Position
from domain.transitions import Event, State
from tests.domain.histories import ASKED, captured, failed, fee, initialized, ngn, refund

HEARSAY = Hearsay("paid", Hint("p1"), None, is_signed=True)


def heard(said: Hearsay | ProviderEvent, *, replayed: bool = False) -> Heard:
    return Heard(7, "paystack", "eu", None, replayed, said)


def told(*facts: Fact, reference: str | None = "p1", name: str | None = "T1") -> ProviderEvent:
    return ProviderEvent("charge.success", reference, facts, None, name)


def known(*facts: Fact, version: int = 4) -> Known:
    return Known(1, "p1", ASKED, "eu", version, b"hash", facts, fold(ASKED, facts))


def test_a_signed_word_about_a_payment_says_that_it_is_under_way() -> None:
    verdict = judge(heard(HEARSAY), known())
    assert isinstance(verdict, Changed)
    assert verdict.burial is None
    assert verdict.change.facts == (Fact(FactKind.INITIALIZED, "p1", FactStatus.KNOWN),)
    assert [edge.event for edge in verdict.change.edges] == [Event.INITIALIZED]


def test_a_word_changes_nothing_where_it_is_unsigned_unknown_or_nothing_new() -> None:
    assert judge(heard(replace(HEARSAY, is_signed=False)), known()) == Unchanged()
    assert judge(heard(HEARSAY), None) == Unchanged()
    assert judge(heard(HEARSAY), known(initialized())) == Unchanged()
    assert judge(heard(HEARSAY), known(captured())) == Unchanged()


@pytest.mark.parametrize(
    ("said", "buried"),
    [
        (Hearsay("paid", None, None), True),
        (Hearsay("paid", None, None, is_nudge=True), False),
        (Hearsay("paid", Hint("p1"), None), False),
        (Hearsay("paid", None, Hint("T1")), False),
        (Hearsay("paid", Hint("p1"), Hint("T1")), False),
    ],
)
def test_a_word_about_nobody_is_buried_unless_it_is_a_nudge(said: Hearsay, *, buried: bool) -> None:
    verdict = judge(heard(said), None)
    if not buried:
        assert verdict == Unchanged()
        return
    assert isinstance(verdict, Buried)
    named = (verdict.burial.reason, verdict.burial.error_class)
    assert named == ("unknown_reference", "UnknownReference")


def test_a_word_of_the_other_world_is_buried_too() -> None:
    said = replace(HEARSAY, mode=Mode.TEST)
    verdict = judge(replace(heard(said), mode=Mode.LIVE), known())
    assert isinstance(verdict, Buried)
    named = (verdict.burial.reason, verdict.burial.error_class)
    assert named == ("mode_mismatch", "ModeMismatch")


@pytest.mark.parametrize(
    ("owner", "payment", "buried"),
    [
        ("other", known(), True),
        ("p1", known(), False),
        (None, known(), False),
        ("other", None, True),
    ],
)
def test_a_transaction_pays_for_one_payment(
    owner: str | None, payment: Known | None, *, buried: bool
) -> None:
    verdict = judge(heard(told(captured())), payment, owner=owner)
    if not buried:
        assert isinstance(verdict, Changed)
        return
    assert isinstance(verdict, Buried)
    named = (verdict.burial.reason, verdict.burial.error_class)
    assert named == ("mismatch", "TransactionOwned")
    assert verdict.burial.message == "'T1' pays for 'other', not also for 'p1'"
    assert verdict.unclaimed == ()


def test_what_brings_no_money_may_be_about_a_transaction_of_another() -> None:
    assert isinstance(judge(heard(told(failed())), known(), owner="other"), Changed)
    mixed = judge(heard(told(fee(), captured())), known(), owner="other")
    assert isinstance(mixed, Buried)


def test_money_is_unclaimed_under_what_its_provider_calls_it_and_its_amount() -> None:
    about = heard(told())
    assert unclaimed_stem(about, captured()) == "paystack:eu:T1:"
    assert unclaimed_id(about, captured()) == "paystack:eu:T1:1000 NGN"
    assert unclaimed_id(about, failed()) == "paystack:eu:T1:"


def test_who_is_unknown_is_told_by_whichever_name_there_is() -> None:
    def why(event: ProviderEvent) -> str:
        verdict = judge(heard(event), None)
        assert isinstance(verdict, Buried)
        named = (verdict.burial.reason, verdict.burial.error_class)
        assert named == ("unknown_reference", "UnknownReference")
        return verdict.burial.message

    assert why(told(captured())) == "no payment is announced as 'p1'"
    assert why(told(captured(), reference=None)) == "no payment is announced as 'T1'"
    nameless = told(captured(), reference=None, name=None)
    assert why(nameless) == "the event names no payment"


def test_money_of_nothing_is_not_held() -> None:
    verdict = judge(heard(told(captured(0))), None)
    assert isinstance(verdict, Buried)
    assert verdict.unclaimed == ()


def test_a_step_that_the_table_does_not_know_is_buried() -> None:
    odd = replace(known(), asked=replace(ASKED, cancelled=True), position=Position(State.REFUNDED))
    verdict = judge(heard(told(failed())), odd)
    assert isinstance(verdict, Buried)
    named = (verdict.burial.reason, verdict.burial.error_class)
    assert named == ("illegal_transition", "IllegalTransition")
    assert verdict.burial.message == "failed is not accepted in refunded"


def test_a_mismatch_says_what_was_asked_for() -> None:
    verdict = judge(heard(told(captured(999))), known())
    assert isinstance(verdict, Changed)
    assert verdict.burial is not None
    assert verdict.burial.error_class == "Mismatch"
    assert verdict.burial.message.startswith("money_in_suspense: 'p1' was asked for 1000 NGN")


def test_a_replay_is_buried_again_for_what_the_facts_leave_open_and_not_for_a_persons_word() -> (
    None
):
    replay = heard(told(captured()), replayed=True)
    settled = known(captured())
    by_person = replace(settled.position, contradictions=frozenset({BY_PERSON}))
    assert judge(replay, replace(settled, position=by_person)) == Unchanged()
    both = replace(settled.position, contradictions=frozenset({BY_PERSON, *"fedcba"}))
    verdict = judge(replay, replace(settled, position=both))
    assert isinstance(verdict, Buried)
    assert verdict.burial.message.startswith("a, b, c, d, e, f: ")


def test_a_replay_waits_for_its_capture_when_any_of_its_facts_does() -> None:
    waiting = known(refund(100), failed())
    verdict = judge(heard(told(failed(), refund(100)), replayed=True), waiting)
    assert isinstance(verdict, Buried)
    named = (verdict.burial.reason, verdict.burial.error_class)
    assert named == ("missing_capture", "MissingCapture")
    assert judge(heard(told(failed(), refund(100))), waiting) == Unchanged()


def test_a_payment_that_moved_has_the_new_facts_position_and_end_of_its_history() -> None:
    before = known(initialized())
    verdict = judge(heard(told(captured())), before)
    assert isinstance(verdict, Changed)
    after = before.moved(verdict.change, version=5, head_hash=b"next")
    assert after == replace(
        before,
        version=5,
        head_hash=b"next",
        facts=(initialized(), captured()),
        position=fold(ASKED, [initialized(), captured()]),
    )
    assert after.position.captured_minor == ngn(1_000).amount_minor
