"""What can happen to a call, and what each of it proves. One second of patience, not twenty."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from domain.errors import OutcomeUnknown, ProviderAway, ProviderForbids, ProviderRefused
from domain.providers.api import ANSWER_BYTES_MAX, AnswerUnclear
from tests.clients import objects
from tests.clients.conftest import KEY, QUICK
from tests.clients.objects import STRIPE_ASKING
from tests.clients.scripted import (
    ScriptedProvider,
    answer,
    answer_head,
    deaf_port,
    resets,
    says,
)
from workers.clients.paystack import PaystackClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.conftest import MakeTransport
    from tests.clients.scripted import Act
    from workers.clients.stripe import StripeClient

HTML = b"<html><body><h1>It works! ada@example.com</h1></body></html>"
WHOLE = json.dumps(objects.initialized()).encode()
TWICE = b'{"status":true,"status":true,"data":' + WHOLE[WHOLE.index(b'{"auth') :]

NO_ANSWERS: dict[str, Callable[[ScriptedProvider], Act]] = {
    "accepted, then silence": lambda provider: provider.silence,
    "closed without a word": lambda _: says(b""),
    "reset at once": lambda _: resets(),
    "reset in the middle of the body": lambda _: resets(answer_head(200, 500) + WHOLE[:40]),
    "truncated": lambda _: says(answer_head(200, len(WHOLE)) + WHOLE[:40]),
    "longer than its content-length": lambda _: says(answer_head(200, 40) + WHOLE),
    "two lengths": lambda _: says(answer_head(200, 4, "Content-Length: 5") + WHOLE),
    "not HTTP": lambda _: says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "a body that drips": lambda provider: provider.dripping(answer_head(200, 500) + b"{", 0.05),
    "headers that drip": lambda provider: provider.dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", 0.05),
    "an endless body": lambda provider: provider.endless(answer_head(200, None)),
    "endless headers": lambda provider: provider.endless(b"HTTP/1.1 200 OK\r\nX-Long: "),
    "a body beyond the cap": lambda _: answer(200, b" " * (ANSWER_BYTES_MAX + 1)),
    "HTML": lambda _: answer(200, HTML, content_type="text/html"),
    "a refusal in HTML": lambda _: answer(404, HTML, content_type="text/html"),
    "no JSON": lambda _: answer(200, b'{"status": tru'),
    "a list": lambda _: answer(200, [objects.initialized()]),
    "a key that is there twice": lambda _: answer(200, TWICE),
    "an error with a status of success": lambda _: answer(200, objects.refused("No")),
    "a success without its data": lambda _: answer(200, {"status": True, "message": "Done"}),
    "a success without an address": lambda _: answer(
        200, objects.initialized(authorization_url="javascript:alert(1)")
    ),
    "a success about another reference": lambda _: answer(
        200, objects.initialized(reference="ORD-2")
    ),
    "compressed all the same": lambda _: answer(200, b"\x1f\x8b\x08", "Content-Encoding: gzip"),
    "a redirect to another host": lambda _: answer(
        307, b"", f"Location: http://127.0.0.1:{deaf_port()}/"
    ),
    "500 after its effect": lambda _: answer(500, objects.refused("Oops")),
    "502": lambda _: answer(502, HTML, content_type="text/html"),
    "503": lambda _: answer(503, HTML, "Retry-After: 5"),
    "504": lambda _: answer(504, b""),
    "408": lambda _: answer(408, b""),
    "409": lambda _: answer(409, objects.refused("Conflict")),
    "425": lambda _: answer(425, b""),
}


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


def test_nobody_listening_means_that_nothing_was_sent(make_transport: MakeTransport) -> None:
    client = PaystackClient(make_transport(url=f"http://127.0.0.1:{deaf_port()}"))

    for ask in (client.look_up, lambda asking: client.initialize(asking, key="k")):
        with pytest.raises(ProviderAway):
            ask(objects.ASKING)


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent(
    make_transport: MakeTransport,
) -> None:
    client = PaystackClient(make_transport(url="http://nobody.invalid"))

    with pytest.raises(ProviderAway):
        client.initialize(objects.ASKING, key="k")


def test_a_server_that_does_not_speak_tls_is_sent_nothing(
    provider: ScriptedProvider, make_transport: MakeTransport
) -> None:
    provider.plays(answer(200, objects.initialized()))
    url = provider.url.replace("http:", "https:")

    with pytest.raises(ProviderAway):
        PaystackClient(make_transport(url=url)).initialize(objects.ASKING, key="k")


@pytest.mark.parametrize(
    ("header", "expected_s"),
    [
        ("Retry-After: 7", 7.0),
        ("Retry-After: 0", 0.0),
        ("Retry-After: -7", None),
        ("Retry-After: 1.5", None),
        ("Retry-After: 3601", None),
        ("Retry-After: 99999999999999999999", None),
        ("Retry-After: soon", None),
        ("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("Retry-After: Wed, 21 Oct 9999 07:28:00 GMT", None),
        ("X-Other: 7", None),
    ],
)
def test_too_many_requests_is_away_and_says_for_how_long_where_that_is_sane(
    provider: ScriptedProvider, paystack_client: PaystackClient, header: str, expected_s: float
) -> None:
    provider.plays(answer(429, b"slow down", header))

    with pytest.raises(ProviderAway) as caught:
        paystack_client.look_up(objects.ASKING)

    assert caught.value.retry_after_s == expected_s
    assert len(provider.heard) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_is_no_fault_of_the_payment(
    provider: ScriptedProvider, paystack_client: PaystackClient, status: int
) -> None:
    provider.plays(answer(status, objects.refused(f"Invalid key {KEY}")))

    with pytest.raises(ProviderForbids) as caught:
        paystack_client.initialize(objects.ASKING, key="k")

    assert caught.value.http_status == status
    assert KEY not in repr(caught.value)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [HTML, b"", b'{"error": "denied by a rule"}'])
def test_a_firewall_that_refuses_us_says_nothing_about_our_key(
    provider: ScriptedProvider,
    paystack_client: PaystackClient,
    stripe_client: StripeClient,
    status: int,
    body: bytes,
) -> None:
    provider.plays(answer(status, body))

    for client, asking in ((paystack_client, objects.ASKING), (stripe_client, STRIPE_ASKING)):
        with pytest.raises(AnswerUnclear) as caught:
            client.initialize(asking, key="k")
        assert caught.value.http_status == status


def test_stripes_own_refusal_of_our_key_is_no_fault_of_the_payment(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(403, objects.stripe_error("invalid_request_error")))

    with pytest.raises(ProviderForbids):
        stripe_client.initialize(STRIPE_ASKING, key="k")


def test_a_documented_refusal_keeps_its_code_and_none_of_its_words(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(400, objects.refused("Bad ada@example.com", "invalid_params")))

    with pytest.raises(ProviderRefused) as caught:
        paystack_client.initialize(objects.ASKING, key="k")

    assert (caught.value.http_status, caught.value.provider_code) == (400, "invalid_params")
    assert "ada@example.com" not in repr(caught.value)


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


def test_requests_carry_the_key_and_nothing_from_the_environment(
    provider: ScriptedProvider, paystack_client: PaystackClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{deaf_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{deaf_port()}")
    provider.plays(answer(200, objects.initialized()))

    paystack_client.initialize(objects.ASKING, key="k")

    (heard,) = provider.heard
    assert heard.headers["authorization"] == f"Bearer {KEY}"
    assert heard.headers["accept-encoding"] == "identity"
    assert heard.headers["user-agent"] == "payratchet"
