from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from domain.delivery import Mode
from domain.providers import PROVIDERS
from tests.conformance.senders import SENDERS

if TYPE_CHECKING:
    from tests.conformance.sender import Sender


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
def test_a_real_secret_is_one_and_a_slip_is_not(sender: Sender) -> None:
    good = sender.secret.decode()

    assert sender.provider.is_secret(good)
    for slip in ("", " ", "whsec_", "short", good + " ", " " + good, good + "\n", good + ",x"):
        assert not sender.provider.is_secret(slip)
    assert not sender.provider.is_secret(good + "é")


@pytest.mark.parametrize(
    ("size", "is_secret"), [(0, False), (23, False), (24, True), (64, True), (65, False)]
)
def test_a_standard_webhooks_secret_stands_for_24_to_64_bytes(size: int, is_secret: bool) -> None:  # noqa: FBT001
    text = "whsec_" + base64.b64encode(b"k" * size).decode()

    assert PROVIDERS["standard-webhooks"].is_secret(text) is is_secret


def test_a_standard_webhooks_secret_is_canonical_base64_after_its_prefix() -> None:
    code = base64.b64encode(bytes(range(200, 225))).decode()
    assert code.endswith("==")

    for slip in (
        code,
        "whsec_" + code[:-1],
        "whsec_" + code[:-3] + "B==",
        "whsec_" + code.replace(code[3], "_"),
    ):
        assert not PROVIDERS["standard-webhooks"].is_secret(slip)
    assert PROVIDERS["standard-webhooks"].is_secret("whsec_" + code)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("sk_test_0123", Mode.TEST),
        ("sk_live_0123", Mode.LIVE),
        ("test-only-not-a-real-key-0001", Mode.TEST),
        ("my-live", Mode.LIVE),
        ("sk_latest_0123", None),
        ("alive_0123", None),
        ("test_live", None),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None),
        ("", None),
    ],
)
def test_a_secret_says_its_world_in_a_word_of_its_own(text: str, mode: Mode | None) -> None:
    for provider in PROVIDERS.values():
        assert provider.mode_of_secret(text) is mode
