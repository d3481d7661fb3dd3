"""The fuzzer's targets bear what the catalogue has, and find what they are there to find."""

from __future__ import annotations

import pytest

from tests.conformance.senders import SENDERS
from tests.hostile.catalogue import GROUPS
from tests.hostile.fuzz_targets import SECRETS, SIGNING, TARGETS
from tests.ingress.serving import charge, signature

STEP = 5
"""Every which dialect is sent the same, beginning with another one each time."""

SENT = [each.bytes_at(1_735_689_600) for inputs in GROUPS.values() for each in inputs][::7]


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_bears_what_was_sent_to_the_server(target: str) -> None:
    for at, sent in enumerate(SENT):
        head, _, body = sent.partition(b"\r\n\r\n")
        TARGETS[target](body[:4_096])
        for number in range(at % STEP, len(SENDERS), STEP):
            TARGETS[target](bytes([number]) + body[:4_096])
            TARGETS[target](bytes([number]) + head[:4_096] + b"\n\n" + body[:1_000])


def test_a_target_tells_when_what_nobody_may_sign_is_verified() -> None:
    body = charge()
    found = signature(body, SECRETS[0].value.decode()).encode()

    number = [sender.name for sender in SIGNING].index("paystack")

    with pytest.raises(AssertionError, match="paystack verified what nobody signed"):
        TARGETS["signatures"](bytes([number]) + found + b"\n\n" + body)
