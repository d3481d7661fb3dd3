"""The verdict: one sentence that says why, and advice that the facts bear."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.advice import Letter, for_letter
from domain.audit import genesis
from domain.correcting import correct
from domain.explaining import explain
from domain.facts import Fact, FactStatus
from domain.fold import fold
from domain.judgement import Known
from domain.standing import Standing
from domain.transitions import State
from tests.domain.histories import ASKED, captured, dispute, failed, initialized, refund, unheard
from tests.domain.test_order import ALL_FACTS

REASONS = (
    *("permanent", "schema", "mismatch", "mode_mismatch", "unknown_reference", "missing_capture"),
    *("refetch_required", "illegal_transition", "exhausted", "expired", "crash_loop"),
    *("provider_refused", "unheard"),
)


def known(*facts: Fact, cancelled: bool = False) -> Known:
    asked = replace(ASKED, cancelled=cancelled)
    told = tuple(dict.fromkeys(facts))
    return Known(1, "p1", asked, "default", len(told), genesis([]), told, fold(asked, told))


def standing(*facts: Fact, cancelled: bool = False, balance_minor: int = 0) -> Standing:
    return Standing(known(*facts, cancelled=cancelled), balance_minor)


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (standing(), "never_heard"),
        (standing(initialized()), "never_heard"),
        (standing(failed()), "failed"),
        (standing(cancelled=True), "cancelled"),
        (standing(initialized(), unheard()), "unheard"),
        (standing(refund(100)), "missing_capture"),
        (standing(captured(999)), "held_in_suspense"),
        (standing(captured(), cancelled=True), "held_in_suspense"),
        (standing(captured(), captured(object_id="T2")), "held_in_suspense"),
        (standing(captured(), captured(999)), "claims_disagree"),
        (standing(captured(), refund(2_000)), "claims_disagree"),
        (standing(captured()), "completed"),
        (standing(captured(), refund(1_000)), "refunded"),
        (standing(captured(), dispute(FactStatus.OPENED)), "disputed"),
        (standing(captured(), dispute(FactStatus.LOST)), "charged_back"),
        (standing(captured(), dispute(FactStatus.LOST), balance_minor=-1), "below_zero"),
    ],
)
def test_each_case_has_a_name_of_its_own(told: Standing, rule: str) -> None:
    assert explain(told).rule == rule


def test_a_provider_that_cannot_be_asked_is_not_said_to_be() -> None:
    for facts in ((), (failed(),), (refund(100),), (unheard(),)):
        verdict = explain(replace(standing(*facts), can_be_asked=False))
        assert not any("verify" in (step.command or "") for step in verdict.do)
        assert verdict.do


@pytest.mark.parametrize("reason", REASONS)
def test_every_dead_letter_has_advice_with_a_command(reason: str) -> None:
    told = standing()
    letter = Letter(7, reason, "it broke", "paystack")

    for can_be_asked in (True, False):
        steps = for_letter(letter, told.known, can_be_asked)
        assert any(step.command for step in steps)
    verdict = explain(replace(told, letters=(letter,)))
    assert verdict.rule == f"set_aside:{reason}"
    assert "dead letter 7" in verdict.why


@pytest.mark.parametrize("error_class", ["NoClient", "NothingFound", "ProviderForbids"])
def test_what_could_not_be_asked_is_asked_anew_by_a_replay(error_class: str) -> None:
    """A question of our own would not name the object that the event has named."""
    letter = Letter(7, "refetch_required", "it broke", "mollie-classic", error_class=error_class)

    first, *_ = for_letter(letter, known(), can_be_asked=True)

    assert first.command == "payratchet dead-letters replay 7 --reason WHY"


@given(st.lists(st.sampled_from(ALL_FACTS), max_size=10), st.booleans())
@settings(max_examples=300, deadline=None)
def test_every_correction_that_is_advised_can_be_made(
    facts: list[Fact],
    cancelled: bool,  # noqa: FBT001 - hypothesis passes by position
) -> None:
    told = standing(*facts, cancelled=cancelled)
    verdict = explain(told)

    assert verdict.why.endswith(".")
    commands = [step.command for step in verdict.do if step.command]
    if told.known.position.state is State.REVIEW:
        assert commands
    for line in commands:
        if "payments correct" in line:
            to_state = State(line.partition("--to ")[2].partition(" ")[0])
            assert correct(told.known, to_state).change.after.state is to_state
