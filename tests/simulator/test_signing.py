"""The simulator signs as the providers do, by signatures that were made elsewhere."""

from __future__ import annotations

import pytest

from domain.delivery import Delivery, Secret
from domain.errors import SignatureRefused
from domain.providers import PROVIDERS
from tests.domain.providers.test_vectors import VECTORS, Vector
from tests.simulator.forgery import Forgery, forged, possible
from tests.simulator.notice import Notice
from tests.simulator.signing import SIGNERS, Signable, secrets_of

SECRETS = {
    "paystack": f"sk_test_{'0123456789abcdef' * 2}",
    "stripe": f"whsec_test_{'0123456789abcdef' * 2}",
    "standard-webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
NOW_S = 1_735_689_600


def as_bytes(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.provider)
def test_it_signs_like_the_vectors(vector: Vector) -> None:
    given = dict(vector.headers)
    message_id = given.get(b"webhook-id", b"").decode()
    what = Signable(vector.body, message_id, vector.received_at_s)

    headers = SIGNERS[vector.provider](vector.secret.decode(), what)

    assert dict(as_bytes(headers)) == given


@pytest.mark.parametrize(
    ("provider", "forgery"),
    [(provider, forgery) for provider in SIGNERS for forgery in possible(provider)],
)
def test_every_forgery_is_refused_for_what_is_wrong_with_it(
    provider: str, forgery: Forgery
) -> None:
    notice = Notice(provider, "any", "msg_1", b'{"id":"evt_1","event":"any","data":{"id":1}}')
    secret = SECRETS[provider]

    headers, body = forged(notice, forgery, secret, NOW_S)

    with pytest.raises(SignatureRefused) as refused:
        PROVIDERS[provider].verify(
            Delivery(as_bytes(headers), body, NOW_S), [Secret("first", secret.encode())]
        )
    assert refused.value.code == forgery.code


def test_of_several_secrets_the_newest_signs() -> None:
    environment = {
        "PAYSTACK_SECRET_KEY": "new,old",
        "STRIPE_WEBHOOK_SECRET": "one",
        "STANDARD_WEBHOOKS_WEBHOOK_SECRET": "two",
    }

    assert secrets_of(environment)["paystack"] == "new"
