"""The ways of being wrong in which the body is spoiled, one test each, for every dialect."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

from tests.conformance.cases import every_sender
from tests.conformance.changes import changed, posted
from tests.conformance.outcomes import (
    is_let_in,
    refused,
    refused_or_harmless,
    says_nothing,
    told,
    unreadable,
)
from tests.conformance.sender import AMOUNT_MINOR, dumped

if TYPE_CHECKING:
    from tests.conformance.sender import Sender

POSITIONS = 60
"""Bytes of a body that are changed, one at a time, spread over the whole of it."""


@every_sender
def test_one_byte_of_the_body_changed(sender: Sender) -> None:
    body = sender.request().body
    for position in range(0, len(body), max(1, len(body) // POSITIONS)):
        changed(sender, body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :])


@every_sender
def test_every_value_of_the_body_changed(sender: Sender) -> None:
    body, let_in = sender.request().body, 0
    for found in re.finditer(rb"[A-Za-z0-9.]{2,}", body):
        other = body[: found.start()] + b"7" * len(found[0]) + body[found.end() :]
        if other != body:
            changed(sender, other)
            let_in += is_let_in(sender, sender.request().with_body(other))
    # What the sender declares is so: where not all is covered, the rest can be changed.
    assert bool(let_in) is not sender.covers_every_byte


@every_sender
def test_body_serialised_again(sender: Sender) -> None:
    body = sender.request().body
    spaced = [body + b"\n", b" " + body]
    if body.startswith(b"{"):
        tree = json.loads(body)
        anew = [
            json.dumps(tree).encode(),
            json.dumps(tree, indent=1, sort_keys=True).encode(),
            json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode(),
        ]
        number = re.compile(rb"(?<=:)(1250(?:00)?)(?=[,}])")
        spaced += [each for each in (*anew, number.sub(rb"\1.0", body)) if each != body]
    for again in spaced:
        changed(sender, again)


@every_sender
def test_body_with_bom(sender: Sender) -> None:
    unreadable(sender, b"\xef\xbb\xbf" + sender.body)
    changed(sender, b"\xef\xbb\xbf" + sender.request().body)


@every_sender
def test_body_not_utf_8(sender: Sender) -> None:
    text = sender.body.decode()
    for body in (
        sender.body.replace(b"ORD-1", b"ORD-\xff") if b"ORD-1" in sender.body else b"\xff",
        text.encode("utf-16"),
        text.encode("utf-32"),
    ):
        unreadable(sender, body)


@every_sender
def test_gzip_body_is_verified_as_sent_and_never_unpacked(sender: Sender) -> None:
    packed = gzip.compress(sender.body)
    changed(sender, gzip.compress(sender.request().body))
    unreadable(sender, packed)
    if sender.covers_every_byte:
        refused(sender, sender.request(packed).with_body(sender.body))


@every_sender
def test_body_cut_short_at_a_limit(sender: Sender) -> None:
    pad = b"x" * 300_000
    body = sender.request().body
    if body.startswith(b"{") and sender.covers_every_byte:
        whole = sender.request(sender.body[:-1] + b',"pad":"' + pad + b'"}')
        assert sender.verify(whole).events[0].readable
    else:
        whole = sender.request().with_body(body + b"&pad=" + pad)
    refused_or_harmless(sender, whole.with_body(whole.body[:262_144]))


@every_sender
def test_empty_body(sender: Sender) -> None:
    for not_an_object in (b"", b"null", b"[]", b'"x"', b"1", b"{}{}"):
        unreadable(sender, not_an_object)


@every_sender
def test_json_with_duplicate_keys(sender: Sender) -> None:
    body = sender.request().body
    if not body.startswith(b"{"):
        # A form: its fields are what could come twice.
        name = body.partition(b"=")[0]
        says_nothing(sender, sender.request().with_body(body + b"&" + body))
        says_nothing(sender, sender.request().with_body(body + b"&" + name + b"=tr_other"))
        return
    for name in set(re.findall(rb'(?<=[{,])"([a-zA-Z_]+)":', body)):
        twins = [b'"%b":0,' % name, b'"\\u%04x%b":0,' % (name[0], name[1:])]
        for twin in twins:
            doubled = body.replace(b'"%b":' % name, twin + b'"%b":' % name, 1)
            says_nothing(sender, posted(sender, doubled))


@every_sender
def test_json_nested_10_000_deep(sender: Sender) -> None:
    for deep in (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"[" * 250_000):
        unreadable(sender, deep)
    body = sender.request().body
    if body.startswith(b"{"):
        nested = body[:-1] + b',"deep":' + b"[" * 64 + b"]" * 64 + b"}"
        says_nothing(sender, posted(sender, nested))


NO_AMOUNTS = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e400", b"1E200000", b"1e9999999999999999999999"),
    *(b"1.25e5", b"true", b"null", b"-125000", b"+1", b"1" * 4301, b"1_250", b".5"),
    *(b"9223372036854775808", b"[125000]", b'{"value":125000}', b"0x1e848", b"1250."),
    "१२५०".encode(),
)
ZEROES = (b"0", b"-0", b"0.00")
NO_INTEGERS = (b"125000.0", b"0125000")
NO_DECIMALS = (b"1250.001", b"1,250.00", b"1.250,00")


@every_sender
def test_nan_and_other_things_that_are_no_amount(sender: Sender) -> None:
    written = next((each for each in _amounts() if each in sender.body), None)
    if written is None:
        # The event names no amount, so it can make none.
        assert told(sender, sender.request()) == frozenset()
        return
    is_minor, is_text = written == b"%d" % AMOUNT_MINOR, b'"%b"' % written in sender.body
    wrong = (*NO_AMOUNTS, *ZEROES, *(NO_INTEGERS if is_minor else NO_DECIMALS))
    for amount in wrong if is_text or not is_minor else (*wrong, dumped(written.decode())):
        request = sender.request(sender.body.replace(written, amount))
        assert is_let_in(sender, request) or sender.is_read_first
        if sender.provider.card.refetch == "required" or amount in ZEROES:
            # Hearsay makes no facts anyway; a card that was only looked at is charged with nothing.
            assert not is_let_in(sender, request) or told(sender, request) == frozenset()
        else:
            says_nothing(sender, request)


def _amounts() -> tuple[bytes, ...]:
    """Return the ways in which providers write the usual amount."""
    return (b"%d" % AMOUNT_MINOR, b"%d.00" % (AMOUNT_MINOR // 100), b"%d" % (AMOUNT_MINOR // 100))
