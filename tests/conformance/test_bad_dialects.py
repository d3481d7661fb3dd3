"""Dialects with the mistakes that are made in practice: the cases must notice each of them."""

from __future__ import annotations

import hmac
import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Verified
from domain.errors import PayratchetError
from domain.providers.adyen import Adyen
from domain.providers.event_keys import keyed
from domain.providers.paystack import Paystack
from domain.providers.stripe import Stripe
from tests.conformance import test_negative_bodies, test_negative_cases, test_senders
from tests.conformance.senders.adyen import SENDER as ADYEN
from tests.conformance.senders.paystack import SENDER as PAYSTACK
from tests.conformance.senders.stripe import SENDER as STRIPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, KeyedEvent, Secret
    from domain.providers import Dialect
    from tests.conformance.sender import Sender


ARRIVALS = itertools.count()


class AnyCase(Paystack):
    """Does not care how the code is spelled."""

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        headers = [(name, value.lower()) for name, value in delivery.headers]
        return super().authenticate(replace(delivery, headers=headers), secrets)


class LastHeader(Paystack):
    """Takes the last of two headers."""

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        headers = list(dict(delivery.headers).items())
        return super().authenticate(replace(delivery, headers=headers), secrets)


class Prefix(Paystack):
    """Compares as much of the code as was sent."""

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        given = delivery.sole_header(self.header) or b""
        for secret in secrets:
            if self.code(secret.value, delivery.body).startswith(given):
                return secret.key_id
        return super().authenticate(delivery, secrets)


class Serialised(Paystack):
    """Signs what it reads, not what was sent."""

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        try:
            body = json.dumps(json.loads(delivery.body), separators=(",", ":")).encode()
        except ValueError:
            body = delivery.body
        return super().authenticate(replace(delivery, body=body), secrets)


class Loose(Paystack):
    """Reads JSON as everybody does: the last of two keys counts."""

    def read(self, body: bytes) -> dict[str, Any]:
        tree: dict[str, Any] = json.loads(body)
        return tree


class Crashing(Paystack):
    """Compares texts, which may not be ASCII."""

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        given = (delivery.sole_header(self.header) or b"").decode("latin-1")
        code = self.code(secrets[0].value, delivery.body).decode()
        if hmac.compare_digest(given, code):
            return secrets[0].key_id
        return super().authenticate(delivery, secrets)


class KeyedByArrival(Paystack):
    """Gives a retry another name."""

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> Verified:
        key_id = self.authenticate(delivery, secrets)
        return Verified(key_id, (self._at(delivery),))

    def _at(self, delivery: Delivery) -> KeyedEvent:
        return keyed(delivery.body, (next(ARRIVALS),), "ORD-1")


class Ageless(Stripe):
    """Forgets the window."""

    tolerance_s = None


class Believing(Adyen):
    """Makes facts of fields beside the signed ones."""

    def elements(self, tree: dict[str, Any]) -> Sequence[dict[str, Any]]:
        items = self._items(tree)
        return [{**item, "merchantReference": item.get("eventDate", "")[:10]} for item in items]


BAD: tuple[tuple[Sender, Dialect, str], ...] = (
    (PAYSTACK, AnyCase(), "test_upper_case_hex_is_refused"),
    (PAYSTACK, LastHeader(), "test_header_sent_twice"),
    (PAYSTACK, Prefix(), "test_truncated_signature_of_the_right_prefix"),
    (PAYSTACK, Prefix(), "test_empty_signature"),
    (PAYSTACK, Serialised(), "test_body_serialised_again"),
    (PAYSTACK, Loose(), "test_json_with_duplicate_keys"),
    (PAYSTACK, KeyedByArrival(), "test_a_retry_is_the_same_event_and_another_sale_is_another_one"),
    (STRIPE, Ageless(), "test_timestamp_older_than_tolerance"),
    (ADYEN, Believing(), "test_every_value_of_the_body_changed"),
)


@pytest.mark.parametrize(
    ("sender", "dialect", "case"), BAD, ids=[f"{type(bad).__name__}-{case}" for _, bad, case in BAD]
)
def test_a_mistake_is_noticed(sender: Sender, dialect: Dialect, case: str) -> None:
    bad = replace(sender, name=f"bad-{type(dialect).__name__}", dialect=dialect)
    cases = vars(test_negative_cases) | vars(test_negative_bodies) | vars(test_senders)

    with pytest.raises((AssertionError, PayratchetError, pytest.fail.Exception)):
        cases[case].__wrapped__(bad)


def test_a_comparison_that_crashes_is_no_refusal() -> None:
    bad = replace(PAYSTACK, name="bad-crash", dialect=Crashing())

    with pytest.raises(TypeError):
        test_negative_cases.test_header_with_non_ascii_characters.__wrapped__(bad)  # type: ignore[attr-defined]
