"""The fuzzer's targets bear what the catalogue has, and find what they are there to find."""

from __future__ import annotations

import pytest

from tests.hostile.catalogue import GROUPS
from tests.hostile.fuzz_targets import SECRETS, TARGETS
from tests.ingress.serving import charge, signature

SENT = [each.bytes_at(1_735_689_600) for inputs in GROUPS.values() for each in inputs][::7]


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_bears_what_was_sent_to_the_server(target: str) -> None:
    for sent in SENT:
        head, _, body = sent.partition(b"\r\n\r\n")
        TARGETS[target](body[:4_096])
        TARGETS[target](head[:4_096] + b"\n\n" + body[:1_000])


def test_a_target_tells_when_what_nobody_may_sign_is_verified() -> None:
    body = charge()
    found = signature(body, SECRETS[0].value.decode()).encode()

    with pytest.raises(AssertionError, match="verified what nobody signed"):
        TARGETS["signatures"](found + b"\n\n" + body)
