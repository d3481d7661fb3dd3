"""The simulator signs as the providers do, by signatures that were made elsewhere."""

from __future__ import annotations

import pytest

from domain.delivery import Delivery, Secret
from domain.errors import SignatureRefused
from domain.providers import PROVIDERS
from tests.conformance.test_vectors import VECTORS
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


@pytest.mark.parametrize("provider", sorted(SIGNERS))
def test_it_signs_like_the_vectors(provider: str) -> None:
    [vector] = [vector for vector in VECTORS if vector["provider"] == provider]
    given = dict(vector["headers"])
    message_id = given.get("webhook-id", "")
    what = Signable(vector["body"].encode(), message_id, vector["received_at_s"])

    assert SIGNERS[provider](vector["secret"], what) == given


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
