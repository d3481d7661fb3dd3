"""The words of the timeline: each kind of row says what happened, from what the row has."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from domain.commands import Command, CommandKind
from domain.retelling import TEXT_LENGTH_MAX, WORDS, Kind, actor, amount, of_replay, shown

HASH = "0123456789abcdef"


def words(part: str, **told: Any) -> str:
    return WORDS[part][1](told)


def rule(part: str, **told: Any) -> str:
    made = WORDS[part][2]
    assert made is not None
    return made(told)


def event(**told: Any) -> str:
    row = {"lane": None, "source": "stripe", "key": "evt_1", "mode": None, "edited": False}
    return words("event", **row | told)


def attempt(**told: Any) -> str:
    row = {"number": 2, "outcome": "retry", "error_class": None, "message": None}
    return words("attempt", **row | told)


def step(**told: Any) -> dict[str, Any]:
    row = {
        "from_state": "processing",
        "event": "succeeded",
        "to_state": "completed",
        "actor": "provider:paystack",
        "reason": "event 7",
        "captured_minor": 0,
        "refunded_minor": 0,
        "disputed_minor": 0,
        "currency": "NGN",
    }
    return row | told


def call(**told: Any) -> str:
    row = {
        "provider": "stripe",
        "kind": "refund",
        "outcome": "answered",
        "http_status": 200,
        "elapsed_ms": 31,
        "error_class": None,
        "message": None,
    }
    return words("call", **row | told)


def movement(**told: Any) -> str:
    row = {
        "currency": "NGN",
        "effect": "capture",
        "object_id": "T1",
        "credit_minor": 0,
        "suspense_minor": 0,
        "moved_minor": 500,
    }
    return words("movement", **row | told)


def test_a_payment_is_announced_and_another_account_is_named() -> None:
    asked = {"amount_minor": 500, "currency": "NGN", "provider": "stripe", "account": "default"}
    said = "A payment of 5.00 NGN was announced, to be made at stripe."
    assert words("announced", **asked) == said
    elsewhere = words("announced", **asked | {"account": "eu"})
    assert elsewhere == said.replace("stripe.", "stripe, account eu.")


def test_an_event_says_who_sent_it_in_which_world_and_whether_it_waits() -> None:
    assert event() == "stripe sent the event evt_1."
    assert event(mode="test") == "stripe sent the event evt_1 (test mode)."
    assert event(lane="normal") == "stripe sent the event evt_1. It is not finished yet."
    edited = event(edited=True, key="edit:1", lane="slow")
    assert "a person has edited" in edited
    assert edited.endswith("as edit:1. It is not finished yet.")


def test_every_command_says_what_we_were_asked() -> None:
    said = {kind: event(source="internal", key=f"{kind}:p1:r1") for kind in CommandKind}
    assert len(set(said.values())) == len(CommandKind)
    for kind, sentence in said.items():
        assert sentence.startswith("We were asked to ")
        assert f"asked {kind}." not in sentence
    assert event(source="internal", key="new:p1") == "We were asked new."


def test_an_actor_is_told_by_the_row_or_by_its_command() -> None:
    command = Command(CommandKind.VERIFY, "stripe", "default", "p1", "client:shop")
    body = base64.b64encode(command.body()).decode()
    assert actor({"actor": "operator:eve", "command": body}) == "operator:eve"
    assert actor({"actor": None, "command": body}) == "client:shop"
    assert actor({"command": None}) is None
    assert actor({}) is None
    assert actor({"command": base64.b64encode(b"[]").decode()}) is None


def test_the_same_event_in_other_bytes_is_told_by_a_short_hash() -> None:
    said = words("variant", sha256=HASH)
    assert said.endswith("(SHA-256 0123456789ab…).")


def test_an_attempt_says_how_it_ended_and_why() -> None:
    assert attempt() == "Attempt 2: it failed and is tried again."
    assert attempt(replay_id=4).startswith("Attempt 2 (replay 4): ")
    assert attempt(error_class="OSError", message="away").endswith("again (OSError: away).")
    assert attempt(error_class="OSError", message="").endswith("again (OSError).")
    endings = ["no_change", "ignored", "retry", "deferred", "dead", "crashed"]
    said = {ending: attempt(outcome=ending) for ending in endings}
    assert len(set(said.values())) == len(endings)
    assert not any(sentence == f"Attempt 2: {ending}." for ending, sentence in said.items())
    assert attempt(outcome="new") == "Attempt 2: new."


def test_a_replay_is_named_where_there_is_one() -> None:
    assert of_replay({"replay_id": 0}) == " (replay 0)"
    assert of_replay({"replay_id": None}) == ""
    assert of_replay({}) == ""


def test_a_step_says_what_moved_by_whose_word_and_the_sums() -> None:
    told = step(captured_minor=500, disputed_minor=100)
    said = words("transition", **told)
    assert said.startswith("Moved from processing to completed: ")
    assert said.endswith("arrived (event 7). Now captured 5.00 NGN, disputed 1.00 NGN.")
    stayed = words("transition", **step(from_state="completed", refunded_minor=7))
    assert stayed.startswith("Stayed completed: ")
    assert stayed.endswith("Now refunded 0.07 NGN.")
    assert words("transition", **step()).endswith("(event 7).")
    assert ": brand_new (event 7)" in words("transition", **step(event="brand_new"))


def test_a_step_is_ruled_by_its_cell_of_the_grid() -> None:
    assert rule("transition", **step()) == "succeeded in processing: move"
    whole = step(from_state="review", to_state="completed")
    assert rule("transition", **whole) == "succeeded in review: move when whole"
    kept = step(from_state="review", to_state="review")
    assert rule("transition", **kept) == "succeeded in review: move when whole, and it is not"
    assert rule("transition", **step(event="cancelled", from_state="completed")).endswith("refuse")


def test_a_call_says_what_was_asked_and_what_came_of_it() -> None:
    assert call() == "stripe was asked for a refund: it answered, HTTP 200, after 31 ms."
    awaited = "stripe was asked for a refund; the answer is still awaited."
    assert call(outcome=None) == awaited
    unknown = call(outcome="unknown", http_status=None, error_class="OutcomeUnknown", message="cut")
    assert unknown.endswith("happened there, after 31 ms (OutcomeUnknown: cut).")
    assert call(outcome="new").startswith("stripe was asked for a refund: new, HTTP 200")
    outcomes = ["answered", "refused", "not_sent", "unknown"]
    said = {each: call(outcome=each) for each in outcomes}
    assert len(set(said.values())) == len(outcomes)
    assert not any(f"refund: {each}," in sentence for each, sentence in said.items())
    kinds = ["initialize", "verify", "refund", "cancel"]
    assert not any(f"asked {kind}:" in call(kind=kind) for kind in kinds)
    assert call(kind="new").startswith("stripe was asked new: ")


def test_a_refund_is_asked_for_with_its_reason_and_settled() -> None:
    told = {"amount_minor": 500, "currency": "NGN", "reference": "rf1", "reason": None}
    asked = "A refund of 5.00 NGN was asked for (rf1)."
    assert words("refund_asked", **told) == asked
    assert words("refund_asked", **told | {"reason": "late"}) == f"{asked} Reason: late"
    settled = words("refund_settled", **told | {"status": "failed"})
    assert settled == "The refund of 5.00 NGN has failed (rf1)."


def test_a_movement_says_whose_money_it_became() -> None:
    credited = movement(credit_minor=500)
    assert credited == "5.00 NGN was credited to the customer (capture T1)."
    assert movement(credit_minor=-500).startswith("5.00 NGN was taken from the customer")
    assert movement(credit_minor=1).startswith("0.01 NGN was credited to the customer")
    assert movement(suspense_minor=1).startswith("0.01 NGN was put into suspense")
    assert movement(suspense_minor=-1).startswith("0.01 NGN was taken out of suspense")
    both = movement(credit_minor=-500, suspense_minor=500)
    assert " customer and 5.00 NGN was put into suspense (capture T1)." in both
    assert movement() == "5.00 NGN was posted (capture T1)."


def test_movements_of_a_kind_of_their_own_have_words_of_their_own() -> None:
    effects = ["refund_hold", "refund_release", "fee", "write_off", "given_back"]
    said = {effect: movement(effect=effect, credit_minor=9) for effect in effects}
    assert len(set(said.values())) == len(effects)
    for sentence in said.values():
        assert "5.00 NGN" in sentence
        assert "customer (" not in sentence
    assert "refund T1," in said["refund_release"]
    assert " of T1 left suspense" in said["given_back"]


def test_a_letter_says_what_became_of_it_and_its_class_is_its_rule() -> None:
    told = {"letter_id": 7, "reason": "mismatch: too little", "replay_id": 3}
    for part, made in WORDS.items():
        if not part.startswith("letter_"):
            continue
        assert made[0] is Kind.DEAD_LETTER
        said = words(part, **told)
        assert said.startswith("Dead letter 7 (replay 3) ")
        assert said.endswith(": mismatch: too little.")
    assert rule("letter_died", **told | {"reason": "mismatch: a: b"}) == "mismatch"
    assert rule("letter_died_again", **told) == "mismatch"


def test_every_part_is_of_its_kind_and_two_kinds_have_rules() -> None:
    kinds = {part: str(made[0]) for part, made in WORDS.items() if not part.startswith("letter_")}
    assert kinds == {
        "announced": "announced",
        "event": "event",
        "variant": "event",
        "attempt": "attempt",
        "transition": "transition",
        "call": "call",
        "refund_asked": "refund",
        "refund_settled": "refund",
        "movement": "movement",
    }
    with_rules = {part for part, made in WORDS.items() if made[2] is not None}
    assert with_rules == {"transition", "letter_died", "letter_died_again"}
    assert {str(kind) for kind in Kind} - set(kinds.values()) == {
        *("dead_letter", "correction", "edit", "approval", "refused"),
    }


@pytest.mark.parametrize("length", [TEXT_LENGTH_MAX, TEXT_LENGTH_MAX + 1])
def test_a_text_is_cut_only_when_it_is_too_long(length: int) -> None:
    said = shown("x" * length)
    assert TEXT_LENGTH_MAX == 300
    assert len(said) == 300
    assert said.endswith("…") is (length > TEXT_LENGTH_MAX)


def test_a_secret_is_struck_out_from_six_characters_on() -> None:
    assert shown("sk_123456") == "[secret]"
    assert shown("sk_12345") == "sk_12345"


def test_a_currency_that_nobody_knows_is_written_in_its_minor_units() -> None:
    assert amount(1_250, "QQQ") == "1,250 QQQ"
    assert amount(0, "NGN") == "0.00 NGN"
