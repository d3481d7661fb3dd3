from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import strict_json
from domain.delivery import EVENT_KEY_LENGTH_MAX, ProviderEvent, Verified
from domain.errors import PayloadInvalid, RefetchRequired, RequestMalformed, SignatureRefused
from tests.domain.providers.senders import SENDERS, Headers, Sender, dumped

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = sorted(
    {name for sender in SENDERS for name, _ in sender.headers(b"")}
    | {b"svix-id", b"svix-timestamp", b"svix-signature", b"host"}
)
VALUES = st.binary(max_size=60) | st.sampled_from(
    [b"1735689600", b"t=1735689600,v1=ab", b"v1,ab", b"v1a,ab v1,", b"msg_1", b",,=", b"a" * 5000]
)
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["event", "data", "id", "type", "object", "reference", "transaction"])
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | TREES.map(dumped)
each_sender = pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)


def _outcome(verify: Callable[[], Verified]) -> Verified | SignatureRefused | RequestMalformed:
    try:
        return verify()
    except (SignatureRefused, RequestMalformed) as refusal:
        return refusal


@each_sender
@settings(max_examples=150, deadline=None)
@given(headers=HEADERS, body=BODIES)
def test_any_bytes_are_refused_and_nothing_else(
    sender: Sender, headers: Headers, body: bytes
) -> None:
    assert isinstance(
        _outcome(lambda: sender.verify(headers, body)), SignatureRefused | RequestMalformed
    )


@each_sender
@settings(max_examples=150, deadline=None)
@given(body=BODIES)
def test_any_body_that_is_signed_is_verified_and_keyed(sender: Sender, body: bytes) -> None:
    verified = sender.verify(sender.headers(body), body)

    (event,) = verified.events
    assert 0 < len(event.key) <= EVENT_KEY_LENGTH_MAX
    assert event.key.isprintable()
    assert event.readable or (event.key.startswith("body:") and event.reference is None)


@each_sender
@settings(max_examples=150, deadline=None)
@given(body=BODIES)
def test_any_body_is_translated_or_refused_by_name(sender: Sender, body: bytes) -> None:
    try:
        event = sender.provider.parse(body, "any")
    except (PayloadInvalid, RefetchRequired):
        return
    assert isinstance(event, ProviderEvent)


@each_sender
@settings(max_examples=200, deadline=None)
@given(position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_flipped_bit_of_a_signed_request_is_refused(
    sender: Sender, position: int, bit: int
) -> None:
    headers = sender.headers(sender.body)
    parts = [value for _, value in headers] + [sender.body]
    position %= sum(map(len, parts))
    for number, part in enumerate(parts):
        if position < len(part):
            flipped = bytes([part[position] ^ (1 << bit)])
            parts[number] = part[:position] + flipped + part[position + 1 :]
            break
        position -= len(part)
    changed = [(name, value) for (name, _), value in zip(headers, parts, strict=False)]

    assert isinstance(_outcome(lambda: sender.verify(changed, parts[-1])), SignatureRefused)


@settings(max_examples=300, deadline=None)
@given(body=BODIES)
def test_any_bytes_are_an_object_of_plain_text_or_refused(body: bytes) -> None:
    for read in (strict_json.parse, strict_json.glance):
        with suppress(PayloadInvalid):
            assert isinstance(read(body), dict)
