"""Signatures that were made elsewhere, each with where it comes from: `vectors.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from domain.delivery import Delivery, Hearsay, KeyedEvent, Mode, Secret
from domain.errors import Permanent
from domain.providers import PROVIDERS
from domain.providers.razorpay import Razorpay
from tests.conformance.key_pairs import certificates, rsa_pair, signed
from tests.conformance.sender import NOW_S

KNOWN = json.loads((Path(__file__).parent / "vectors.json").read_text())["vectors"]
VECTORS = [vector for vector in KNOWN if "body" in vector]
PUBLISHED = {"adyen", "paddle-billing", "paypal", "razorpay", "square", "standard-webhooks"}


def title(vector: dict[str, Any]) -> str:
    return f"{vector['provider']}-{vector['name'].partition(' ')[0]}"


each_vector = pytest.mark.parametrize("vector", VECTORS, ids=title)


def delivery(vector: dict[str, Any]) -> Delivery:
    return Delivery(
        [(name.encode(), value.encode()) for name, value in vector["headers"]],
        vector["body"].encode(),
        vector["received_at_s"],
        vector["url"],
        {name: key.encode() for name, key in vector.get("keys", {}).items()},
    )


def told(vector: dict[str, Any]) -> object:
    """Return the facts of the body, that it has to be asked about, or why it says nothing."""
    provider = PROVIDERS[vector["provider"]]
    try:
        said = provider.parse(vector["body"].encode(), vector["event"]["key"])
    except Permanent as refusal:
        return refusal.code
    if isinstance(said, Hearsay):
        return "asked"
    amounts = [(fact, fact.amount) for fact in said.facts]
    return [
        [fact.kind, fact.status, amount and amount.amount_minor, amount and amount.currency]
        for fact, amount in amounts
    ]


@each_vector
def test_a_signature_made_elsewhere_is_verified_and_its_event_named(
    vector: dict[str, Any],
) -> None:
    mode = Mode(vector["mode"]) if "mode" in vector else None
    provider = PROVIDERS[vector["provider"]].configured(vector.get("settings", {}), mode)

    verified = provider.verify(delivery(vector), [Secret("first", vector["secret"].encode())])

    assert verified.key_id == "first"
    assert verified.events == (KeyedEvent(**vector["event"]),)
    assert provider.is_secret(vector["secret"])


@each_vector
def test_its_body_says_what_it_says(vector: dict[str, Any]) -> None:
    assert told(vector) == vector["told"]


def test_every_vector_names_its_source_and_what_is_published_its_licence() -> None:
    assert all(vector["source"] for vector in KNOWN)
    published = [vector for vector in KNOWN if vector["origin"] == "published"]
    assert {vector["provider"] for vector in published} == PUBLISHED
    assert all(vector["licence"] for vector in published)
    assert {vector["origin"] for vector in KNOWN} == {"published", "derived"}


def test_razorpay_publishes_a_code_of_the_same_kind_for_another_text() -> None:
    [vector] = [vector for vector in KNOWN if vector["provider"] == "razorpay"]

    made = Razorpay().code(vector["secret"].encode(), vector["signed_string"].encode())

    assert made == vector["expected"].encode()


def test_paypal_s_published_text_is_what_is_signed() -> None:
    """Its certificate is not to be had, so the published text is signed by a pair of our own."""
    [vector] = [vector for vector in KNOWN if vector["provider"] == "paypal"]
    moment, url = (
        vector["headers"]["paypal-transmission-time"],
        vector["headers"]["paypal-cert-url"],
    )
    code = signed(rsa_pair(0), vector["expected"].encode())
    headers = [(name.encode(), value.encode()) for name, value in vector["headers"].items()]
    provider = PROVIDERS["paypal"].configured({}, Mode.TEST)

    verified = provider.verify(
        Delivery(
            [*headers, (b"paypal-transmission-sig", code)],
            vector["text"].encode(),
            NOW_S,
            keys={url: certificates().leaf},
        ),
        [Secret("first", vector["secret"].encode())],
    )

    assert moment in vector["expected"]
    assert verified.events == (KeyedEvent("WH-0G2756385H040842W-5Y612302CV158622M", None),)
