from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.audit import genesis
from domain.delivery import Mode, ProviderEvent
from domain.errors import PayloadInvalid, RefetchRequired
from domain.fingerprint import fingerprint
from domain.fold import fold
from domain.judgement import (
    Buried,
    Changed,
    Heard,
    Ignored,
    Known,
    Unchanged,
    Verdict,
    judge,
    release,
)
from domain.transitions import State
from tests.domain.histories import ASKED, captured, fee, refund

if TYPE_CHECKING:
    from domain.facts import Fact


def said(*facts: Fact, reference: str | None = "p1", mode: Mode | None = None) -> ProviderEvent:
    return ProviderEvent("charge.success", reference, facts, mode)


def heard(words: Any, *, mode: Mode | None = None, replayed: bool = False) -> Heard:
    return Heard(7, "paystack", "default", mode, replayed, words)


def known(*facts: Fact) -> Known:
    return Known(1, "p1", ASKED, "default", len(facts), genesis([]), facts, fold(ASKED, facts))


def reason_of(verdict: Verdict) -> str:
    assert isinstance(verdict, (Buried, Changed))
    assert verdict.burial is not None
    return verdict.burial.reason


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [(PayloadInvalid("no id"), "schema"), (RefetchRequired("no id"), "refetch_required")],
)
def test_a_refusal_is_buried_with_its_own_words(refusal: Exception, reason: str) -> None:
    verdict = judge(heard(refusal), known())

    assert isinstance(verdict, Buried)
    assert (reason_of(verdict), verdict.burial.message) == (reason, "no id")
    assert verdict.unclaimed == ()


@pytest.mark.parametrize(
    ("of_event", "of_account", "mixed"),
    [
        (Mode.TEST, Mode.LIVE, True),
        (Mode.LIVE, Mode.TEST, True),
        (Mode.LIVE, Mode.LIVE, False),
        (Mode.LIVE, None, False),
        (None, Mode.LIVE, False),
    ],
)
def test_test_and_live_never_mix(
    of_event: Mode | None, of_account: Mode | None, *, mixed: bool
) -> None:
    verdict = judge(heard(said(captured(), mode=of_event), mode=of_account), known())

    if mixed:
        assert reason_of(verdict) == "mode_mismatch"
    else:
        assert isinstance(verdict, Changed)


def test_an_event_of_the_wrong_world_holds_no_money() -> None:
    verdict = judge(heard(said(captured(), mode=Mode.TEST), mode=Mode.LIVE), None)

    assert isinstance(verdict, Buried)
    assert (reason_of(verdict), verdict.unclaimed) == ("mode_mismatch", ())


def test_an_event_without_facts_is_ignored_known_or_not() -> None:
    assert judge(heard(said()), None) == Ignored()
    assert judge(heard(said()), known()) == Ignored()


def test_money_for_nobody_is_held_gross_and_its_fee_is_not_booked() -> None:
    verdict = judge(heard(said(captured(700), fee(10))), None)

    assert isinstance(verdict, Buried)
    assert reason_of(verdict) == "unknown_reference"
    [movement] = verdict.unclaimed
    assert (movement.effect, movement.object_id) == ("unclaimed", "paystack:default:T1:700 NGN")
    assert {(leg.account, leg.amount_minor) for leg in movement.legs} == {
        ("provider_clearing:paystack", -700),
        ("suspense", 700),
    }


def test_a_refund_for_nobody_holds_nothing() -> None:
    verdict = judge(heard(said(refund(100))), None)

    assert isinstance(verdict, Buried)
    assert verdict.unclaimed == ()


def test_releasing_is_the_exact_opposite_of_holding() -> None:
    verdict = judge(heard(said(captured(700))), None)
    assert isinstance(verdict, Buried)
    [held] = verdict.unclaimed

    released = release(held)

    assert released.effect == "unclaimed_release"
    assert [(a.account, a.currency, -a.amount_minor) for a in released.legs] == [
        (b.account, b.currency, b.amount_minor) for b in held.legs
    ]


def test_what_fits_changes_the_payment_and_is_not_buried() -> None:
    verdict = judge(heard(said(captured())), known())

    assert isinstance(verdict, Changed)
    assert verdict.burial is None
    assert verdict.change.after.state is State.COMPLETED


def test_what_contradicts_changes_the_payment_and_is_buried_too() -> None:
    verdict = judge(heard(said(captured(999))), known())

    assert isinstance(verdict, Changed)
    assert reason_of(verdict) == "mismatch"
    assert verdict.change.after.state is State.REVIEW


def test_what_is_known_changes_nothing() -> None:
    assert judge(heard(said(captured())), known(captured())) == Unchanged()
    assert judge(heard(said(captured(999))), known(captured(999))) == Unchanged()


def test_a_replay_dies_again_while_its_cause_stands_and_passes_when_it_is_gone() -> None:
    mismatch, early = (
        heard(said(captured(999)), replayed=True),
        heard(said(refund(100)), replayed=True),
    )

    assert reason_of(judge(mismatch, known(captured(999)))) == "mismatch"
    assert reason_of(judge(early, known(refund(100)))) == "missing_capture"
    assert judge(early, known(refund(100), captured())) == Unchanged()


def test_failures_of_one_kind_share_a_fingerprint_whatever_the_reference() -> None:
    def print_of(reference: str) -> str:
        verdict = judge(heard(said(captured(), reference=reference)), None)
        assert isinstance(verdict, Buried)
        burial = verdict.burial
        return fingerprint("paystack", "x", burial.reason, burial.error_class, burial.message)

    assert print_of("order-of-ada") == print_of("order-of-bob")
