"""Calls in doubt: what proves nothing, and what is asked again. Half a second of patience."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from domain.errors import OutcomeUnknown
from domain.providers.api import ANSWER_BYTES_MAX, AnswerUnclear
from tests.clients import objects
from tests.clients.conftest import KEY, QUICK
from tests.clients.no_answers import NO_ANSWERS
from tests.clients.scripted import (
    ScriptedProvider,
    answer,
    answer_head,
    resets,
)

if TYPE_CHECKING:
    from workers.clients.paystack import PaystackClient
    from workers.clients.stripe import StripeClient


@pytest.mark.parametrize("how", NO_ANSWERS)
def test_what_proves_nothing_leaves_the_outcome_unknown_and_is_not_repeated(
    provider: ScriptedProvider, paystack_client: PaystackClient, how: str
) -> None:
    provider.plays(NO_ANSWERS[how](provider))
    began_s = time.monotonic()

    with pytest.raises(OutcomeUnknown) as caught:
        paystack_client.initialize(objects.ASKING, key="k")

    assert time.monotonic() - began_s < QUICK.call_s + 0.4
    assert len(provider.heard) == 1
    for secret in (KEY, "ada@example.com", "ORD-"):
        assert secret not in repr(caught.value)


@pytest.mark.parametrize(
    "how", ["accepted, then silence", "reset at once", "500 after its effect", "409"]
)
def test_a_question_is_asked_three_times_before_it_is_given_up(
    provider: ScriptedProvider, paystack_client: PaystackClient, how: str
) -> None:
    provider.plays(NO_ANSWERS[how](provider))
    began_s = time.monotonic()

    with pytest.raises(OutcomeUnknown):
        paystack_client.look_up(objects.ASKING)

    assert len(provider.heard) == 3
    assert time.monotonic() - began_s < QUICK.repeats_s + 0.4


@pytest.mark.parametrize(
    "how",
    [
        "HTML",
        "a refusal in HTML",
        "no JSON",
        "a list",
        "a key that is there twice",
        "a success about another reference",
        "a body beyond the cap",
        "a redirect to another host",
    ],
)
def test_an_answer_that_is_not_understood_is_not_asked_for_again(
    provider: ScriptedProvider, paystack_client: PaystackClient, how: str
) -> None:
    provider.plays(NO_ANSWERS[how](provider))

    with pytest.raises(AnswerUnclear) as caught:
        paystack_client.look_up(objects.ASKING)

    assert caught.value.http_status in (200, 307, 404)
    assert len(provider.heard) == 1


def test_a_key_used_for_another_request_is_not_sent_again(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(400, objects.stripe_error("idempotency_error")))

    with pytest.raises(AnswerUnclear):
        stripe_client.initialize(objects.STRIPE_ASKING, key="k")

    assert len(provider.heard) == 1


def test_a_question_is_not_asked_again_once_its_time_is_over(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(provider.dripping(answer_head(200, 500), 0.05))
    began_s = time.monotonic()

    with pytest.raises(OutcomeUnknown):
        paystack_client.look_up(objects.ASKING)

    assert time.monotonic() - began_s < QUICK.repeats_s + 0.4


def test_a_question_that_fails_once_is_answered_the_second_time(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(
        resets(), answer(200, objects.verified(status="ongoing")), answer(500, b"never asked")
    )

    assert paystack_client.look_up(objects.ASKING).status == "ongoing"
    assert len(provider.heard) == 2


@pytest.mark.parametrize("how", ["a body beyond the cap", "an endless body"])
def test_an_answer_is_not_read_beyond_the_cap(
    provider: ScriptedProvider, paystack_client: PaystackClient, how: str
) -> None:
    provider.plays(NO_ANSWERS[how](provider))

    with pytest.raises(OutcomeUnknown, match=f"more than {ANSWER_BYTES_MAX} bytes"):
        paystack_client.initialize(objects.ASKING, key="k")


def test_an_effect_in_doubt_stays_in_doubt_whatever_a_later_try_says(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(resets(), answer(429, b"", "Retry-After: 1"))

    with pytest.raises(OutcomeUnknown):
        stripe_client.initialize(objects.STRIPE_ASKING, key="k")

    assert len(provider.heard) == 2
