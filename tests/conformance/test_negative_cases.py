"""The twenty-five ways of being wrong that every dialect must know, one test each.

What a test demands follows from what the sender declares: whether the signature covers the body,
some fields of it or nothing, where the code stands, and whether a time is signed.
"""

from __future__ import annotations

import gzip
import json
import re
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest

from domain.errors import RequestMalformed, SignatureExpired, SignatureMissing, SignatureRefused
from domain.signing import TOLERANCE_S
from tests.conformance.cases import every_sender
from tests.conformance.outcomes import (
    is_let_in,
    nothing_gained,
    refused,
    refused_or_harmless,
    says_nothing,
    told,
    turned_away,
    unreadable,
)
from tests.conformance.sender import AMOUNT_MINOR, NOW_S, Request, dumped

if TYPE_CHECKING:
    from tests.conformance.sender import Change, Sender

DAYS_3_S = 259_200
POSITIONS = 60
"""Bytes of a body that are changed, one at a time, spread over the whole of it."""


def wrong_code(sender: Sender, change: Change) -> None:
    """Demand that a request with a changed code is refused as wrong.

    Of a code in a body the change may leave no body that can be read, and so no code.
    """
    (turned_away if sender.has_code_in_body else refused)(sender, sender.with_code(change))


def changed(sender: Sender, body: bytes) -> None:
    """Demand of a good request's changed body what the sender declares of its signature."""
    refused_or_harmless(sender, sender.request().with_body(body))


def without(request: Request, left_out: int) -> Request:
    headers = [each for n, each in enumerate(request.headers) if n != left_out]
    return Request(headers, request.body, request.url)


def _posted(sender: Sender, body: bytes) -> Request:
    """Return the body signed as a whole, or, where that is not done, changed on its way."""
    good = sender.request()
    return sender.request(body) if sender.covers_every_byte else good.with_body(body)


def needed_headers(sender: Sender) -> list[int]:
    """Return the places of the headers without which nothing is let in."""
    good = sender.request()
    return [n for n in range(len(good.headers)) if not is_let_in(sender, without(good, n))]


@every_sender
def test_one_bit_of_the_signature_flipped(sender: Sender) -> None:
    wrong_code(sender, lambda code: bytes([code[0] ^ 1]) + code[1:])
    wrong_code(sender, lambda code: code[:9] + bytes([code[9] ^ 1]) + code[10:])


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
def test_empty_signature(sender: Sender) -> None:
    wrong_code(sender, lambda _: b"")
    good = sender.request()
    for empty in needed_headers(sender):
        headers = [(k, b"" if n == empty else v) for n, (k, v) in enumerate(good.headers)]
        turned_away(sender, Request(headers, good.body, good.url))


@every_sender
def test_header_missing(sender: Sender) -> None:
    good = sender.request()
    for left_out, (name, _) in enumerate(good.headers):
        request = without(good, left_out)
        if name == sender.code_header:
            with pytest.raises(SignatureMissing):
                sender.verify(request)
        elif is_let_in(sender, request):
            # It proves nothing, so nothing may hang on it.
            assert sender.verify(request) == sender.verify(good)
    if sender.code_header:
        turned_away(sender, Request([], good.body, good.url))


@every_sender
def test_header_sent_twice(sender: Sender) -> None:
    good = sender.request()
    for n in needed_headers(sender):
        name, value = good.headers[n]
        for twin in (value, b"v1,bad"):
            for headers in ([(name, twin), *good.headers], [*good.headers, (name, twin)]):
                with pytest.raises(RequestMalformed):
                    sender.verify(Request(headers, good.body, good.url))
    assert needed_headers(sender) or not sender.code_header


@every_sender
def test_header_with_non_ascii_characters(sender: Sender) -> None:
    wrong_code(sender, lambda code: "é".encode() + code[2:])
    wrong_code(sender, lambda code: b"\xff" * len(code))


@every_sender
def test_header_of_1_mb(sender: Sender) -> None:
    wrong_code(sender, lambda code: code * (1_000_000 // len(code)))


@every_sender
def test_upper_case_hex_is_refused(sender: Sender) -> None:
    wrong_code(sender, bytes.swapcase)


@every_sender
def test_base64_without_padding_and_other_spellings_of_the_code(sender: Sender) -> None:
    changes: tuple[Change, ...] = (
        lambda code: code[:-1],
        lambda code: code + b"=",
        lambda code: code[:8] + b" " + code[8:],
        lambda code: code[:8] + b"\n" + code[8:],
        lambda code: code + b" ",
        lambda code: b"0x" + code,
    )
    for change in changes:
        wrong_code(sender, change)


@every_sender
def test_truncated_signature_of_the_right_prefix(sender: Sender) -> None:
    for length in (1, 16, 24, -1):
        wrong_code(sender, itemgetter(slice(length)))


@every_sender
def test_right_signature_for_the_other_mode(sender: Sender) -> None:
    refused(sender, sender.request(secret=sender.other_secret))


def _received_after(sender: Sender, age_s: int) -> None:
    sender.verify(sender.request(at=b"%d" % (NOW_S - age_s)))


@every_sender
def test_timestamp_older_than_tolerance(sender: Sender) -> None:
    _received_after(sender, TOLERANCE_S)
    if not sender.signs_time:
        # No window is documented: a retry has the first time, and comes for days.
        _received_after(sender, DAYS_3_S)
        return
    with pytest.raises(SignatureExpired) as expired:
        _received_after(sender, TOLERANCE_S + 1)
    assert (expired.value.age_s, expired.value.window_s) == (TOLERANCE_S + 1, TOLERANCE_S)


@every_sender
def test_timestamp_in_the_future(sender: Sender) -> None:
    _received_after(sender, -TOLERANCE_S)
    if not sender.signs_time:
        _received_after(sender, -TOLERANCE_S - 1)
        return
    with pytest.raises(SignatureExpired) as expired:
        _received_after(sender, -TOLERANCE_S - 1)
    assert expired.value.age_s == -TOLERANCE_S - 1


STRANGE_TIMES = (
    *(b"", b"-1735689600", b"+1735689600", b" 1735689600", b"1735689600 ", b"1735689600.0"),
    *(b"1_735_689_600", b"1.7356896e9", b"nan", b"0", b"173568960", b"17356896000", b"9" * 400),
    "१७३५६८९६००".encode(),
)


@every_sender
def test_timestamp_not_a_number(sender: Sender) -> None:
    for at in STRANGE_TIMES:
        if sender.signs_time:
            turned_away(sender, sender.request(at=at))
        else:
            # Either no time is sent, or it is one more text that is signed.
            nothing_gained(sender, sender.request(at=at))


@every_sender
def test_an_expired_signature_is_called_so_only_when_it_is_right(sender: Sender) -> None:
    refused(sender, sender.request(at=b"1000000000", secret=sender.other_secret))


@every_sender
def test_old_secret_inside_and_outside_its_overlap(sender: Sender) -> None:
    by_the_old_one = sender.request(secret=sender.other_secret)

    inside = sender.verify(by_the_old_one, sender.secret, sender.other_secret)

    assert inside.key_id == "key-1"
    refused(sender, by_the_old_one)


@every_sender
def test_many_candidate_signatures(sender: Sender) -> None:
    if sender.separator is None:
        # One code is documented: a list of the right one is a wrong one.
        wrong_code(sender, lambda code: b",".join([code] * 2))
        return
    separator = sender.separator
    fifteen = separator.join([b"bad"] * 15) + separator
    assert sender.verify(sender.with_code(lambda code: fifteen + code)).key_id == "key-0"
    wrong_code(sender, lambda code: b"bad" + separator + fifteen + code)
    wrong_code(sender, lambda code: fifteen * 10_000 + code)


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
            says_nothing(sender, _posted(sender, doubled))


@every_sender
def test_json_nested_10_000_deep(sender: Sender) -> None:
    for deep in (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"[" * 250_000):
        unreadable(sender, deep)
    body = sender.request().body
    if body.startswith(b"{"):
        nested = body[:-1] + b',"deep":' + b"[" * 64 + b"]" * 64 + b"}"
        says_nothing(sender, _posted(sender, nested))


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


@every_sender
def test_without_a_secret_nobody_is_authentic(sender: Sender) -> None:
    for secrets in ((), (b"",)):
        with pytest.raises(SignatureRefused):
            sender.verify_by(sender.request(), secrets)


@every_sender
def test_a_diagnosis_shows_no_part_of_a_secret_or_a_signature(sender: Sender) -> None:
    seen: list[bytes] = []

    def look(code: bytes) -> bytes:
        seen.append(code)
        return code

    sender.with_code(look)

    with pytest.raises(SignatureRefused) as found:
        sender.verify(sender.request(secret=sender.other_secret))

    shown = f"{found.value} {found.value.diagnosis} {sender.provider!r}"
    for hidden in (sender.secret, sender.other_secret, *seen):
        assert hidden.decode()[-12:] not in shown
