"""Whatever bytes come: three ways to end for `verify`, two for `parse`, and none of them a crash.

Each example is tried on every dialect, so that making examples costs once.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import given, note, settings
from hypothesis import strategies as st

from domain import strict_json
from domain.delivery import EVENT_KEY_LENGTH_MAX, Hearsay, ProviderEvent
from domain.errors import PayloadInvalid, Permanent, RequestMalformed, SignatureRefused
from domain.providers.event_keys import BODY_KEY_PREFIX
from tests.conformance.outcomes import nothing_gained
from tests.conformance.sender import Headers, Request, Sender, dumped
from tests.conformance.senders import SENDERS

if TYPE_CHECKING:
    from domain.delivery import Verified

EXAMPLES = 60

NAMES = sorted(
    {name for sender in SENDERS for name, _ in sender.request().headers}
    | {b"svix-id", b"svix-timestamp", b"svix-signature", b"host"}
)
VALUES = st.binary(max_size=60) | st.sampled_from(
    [
        *(b"1735689600", b"t=1735689600,v1=ab", b"v1,ab", b"v1a,ab v1,", b"msg_1", b",,="),
        *(b"a" * 5000, b"eyJhbGciOiJub25lIn0.e30.", b"..", b"ts=1;h1=", b"sha256=", b"https://x"),
    ]
)
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)
URLS = st.sampled_from(["", "/", "?", "https://[", "/webhooks/x/é"]) | st.text(max_size=40)

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
WORDS = sorted(
    {
        word
        for sender in SENDERS
        for word in sender.body.decode().replace('"', " ").replace(":", " ").split()
        if word.isidentifier()
    }
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | TREES.map(dumped)


def outcome(sender: Sender, request: Request) -> Verified | None:
    """Return what was verified, None for one of the two refusals; anything else is raised."""
    try:
        return sender.verify(request)
    except (SignatureRefused, RequestMalformed):
        return None


@cache
def good(name: str) -> Request:
    return next(sender for sender in SENDERS if sender.name == name).request()


@settings(max_examples=EXAMPLES, deadline=None)
@given(headers=HEADERS, url=URLS, body=BODIES)
def test_any_bytes_are_refused_and_nothing_else(headers: Headers, url: str, body: bytes) -> None:
    for sender in SENDERS:
        note(sender.name)
        assert outcome(sender, Request(headers, body, url)) is None


@settings(max_examples=EXAMPLES, deadline=None)
@given(body=BODIES)
def test_any_body_that_is_let_in_is_keyed(body: bytes) -> None:
    for sender in SENDERS:
        note(sender.name)
        verified = outcome(sender, sender.request(body))
        assert verified is not None or sender.is_read_first
        for event in verified.events if verified else ():
            assert 0 < len(event.key) <= EVENT_KEY_LENGTH_MAX
            assert event.key.isprintable()
            assert event.readable or (
                event.key.startswith(BODY_KEY_PREFIX) and event.reference is None
            )


@settings(max_examples=EXAMPLES, deadline=None)
@given(body=BODIES, key=st.text(max_size=20) | st.just("1:a1:b"))
def test_any_body_is_translated_or_refused_by_name(body: bytes, key: str) -> None:
    for sender in SENDERS:
        note(sender.name)
        try:
            said = sender.provider.parse(body, key)
        except Permanent:
            continue
        assert isinstance(said, ProviderEvent | Hearsay)


@settings(max_examples=EXAMPLES, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_of_a_good_request_is_refused_or_changes_nothing(
    where: float, bit: int
) -> None:
    for sender in SENDERS:
        note(sender.name)
        request = good(sender.name)
        parts = [*(value for _, value in request.headers), request.url.encode(), request.body]
        position = int(where * sum(map(len, parts)))
        place = next(n for n in range(len(parts)) if sum(map(len, parts[: n + 1])) > position)
        offset = position - sum(map(len, parts[:place]))
        flipped = parts[place][offset] ^ (1 << bit)
        parts[place] = parts[place][:offset] + bytes([flipped]) + parts[place][offset + 1 :]
        headers = [(name, parts[n]) for n, (name, _) in enumerate(request.headers)]
        changed = Request(headers, parts[-1], parts[-2].decode(errors="replace"))
        if outcome(sender, changed) is not None:
            # Only what the signature does not cover may differ: it must not make a fact.
            is_covered = sender.covers == "body" and place == len(parts) - 1
            assert not is_covered
            nothing_gained(sender, changed)


@settings(max_examples=300, deadline=None)
@given(body=BODIES)
def test_any_bytes_are_an_object_of_plain_text_or_refused(body: bytes) -> None:
    for read in (strict_json.parse, strict_json.glance):
        with suppress(PayloadInvalid):
            assert isinstance(read(body), dict)
