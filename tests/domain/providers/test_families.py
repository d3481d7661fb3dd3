"""A provider that fits a family is a few lines: here are two, as far as their signatures go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain import signing
from domain.delivery import Delivery, ProviderEvent, Secret
from domain.errors import SignatureInvalid
from domain.providers.body_hmac import BodyHmac
from domain.providers.event_keys import at
from domain.providers.message_hmac import MessageHmac

if TYPE_CHECKING:
    from collections.abc import Sequence

SECRETS = [Secret("first", b"test-only-not-a-real-key-0001")]


class Polar(MessageHmac):
    """Signs like Standard Webhooks, but takes the text of the secret for the key."""

    name = "polar"

    def key_of(self, secret: bytes) -> bytes:
        return secret

    def reference(self, tree: dict[str, Any]) -> object:
        return at(tree, "data", "metadata", "reference")

    def translate(self, tree: dict[str, Any]) -> ProviderEvent:
        return ProviderEvent(str(tree.get("type")), None)


class Shop(BodyHmac):
    """Signs the body alone, in base64, behind a prefix."""

    name = "shop"
    header = b"x-shop-hmac"
    algorithm = "sha256"

    def code(self, secret: bytes, body: bytes) -> bytes:
        return b"sha256=" + signing.base64_code(secret, body, self.algorithm)

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:  # noqa: ARG002
        return (tree.get("topic"), tree.get("id"))

    def reference(self, tree: dict[str, Any]) -> object:
        return tree.get("reference")

    def translate(self, tree: dict[str, Any]) -> ProviderEvent:
        return ProviderEvent(str(tree.get("topic")), None)


def test_a_member_of_the_message_family_differs_by_its_key_alone() -> None:
    delivery = Delivery(
        headers=[
            (b"webhook-id", b"msg_test_0001"),
            (b"webhook-timestamp", b"1735689600"),
            (b"webhook-signature", b"v1,iqCiUhN9KMBgy53zmfUrraTE2J9jATmhKks0Rahe4Fo="),
        ],
        body=b'{"type":"order.paid","timestamp":"2025-01-01T00:00:00Z","data":{"id":"ord_test_1",'
        b'"status":"paid","total_amount":125000,"currency":"usd"}}',
        received_at_s=1_735_689_600,
    )

    assert Polar().verify(delivery, SECRETS).events[0].key == "msg_test_0001"


def test_a_member_of_the_body_family_says_header_digest_and_spelling() -> None:
    body = b'{"topic":"paid","id":7,"reference":"ORD-1"}'
    code = b"sha256=YBU5o5J6d202A0wWov3+U/Yluvstsgqm4tDbuspw0H8="
    delivery = Delivery([(b"x-shop-hmac", code)], body, 0)

    assert Shop().code(SECRETS[0].value, body) == code
    assert Shop().verify(delivery, SECRETS).events[0].key == "4:paid1:7"
    with pytest.raises(SignatureInvalid):
        Shop().verify(Delivery([(b"x-shop-hmac", code[7:])], body, 0), SECRETS)
