"""The twenty-five ways of being wrong that every provider's adapter must know, one test each."""

from __future__ import annotations

import gzip
import hashlib
import json
from operator import itemgetter

import pytest

from domain.errors import (
    PayloadInvalid,
    RequestMalformed,
    SignatureExpired,
    SignatureInvalid,
    SignatureMissing,
)
from domain.signing import TOLERANCE_S
from tests.domain.providers.senders import NOW_S, SENDERS, STANDARD_WEBHOOKS, STRIPE, Sender

pytestmark = pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)


def _refused(sender: Sender, headers: list[tuple[bytes, bytes]], body: bytes | None = None) -> None:
    with pytest.raises(SignatureInvalid):
        sender.verify(headers, sender.body if body is None else body)


def _unreadable(sender: Sender, body: bytes) -> None:
    """Verify that an authentic but unreadable body is kept under its hash and never parsed."""
    (event,) = sender.verify(sender.headers(body), body).events
    assert event.key == "body:" + hashlib.sha256(body).hexdigest()
    assert event.reference is None
    assert not event.readable
    _unparsable(sender, body)


def _unparsable(sender: Sender, body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        sender.provider.parse(body, "any")


def test_one_bit_of_the_signature_flipped(sender: Sender) -> None:
    _refused(sender, sender.with_signature(sender.body, lambda c: bytes([c[0] ^ 1]) + c[1:]))


def test_one_byte_of_the_body_changed(sender: Sender) -> None:
    _refused(sender, sender.headers(sender.body), sender.body.replace(b"125000", b"125001", 1))


def test_body_serialised_again(sender: Sender) -> None:
    tree = json.loads(sender.body)
    for again in (
        json.dumps(tree).encode(),
        json.dumps(tree, separators=(",", ":"), sort_keys=True).encode() + b"\n",
        json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode(),
        sender.body.replace(b"125000", b"125000.0"),
    ):
        _refused(sender, sender.headers(sender.body), again)


def test_empty_signature(sender: Sender) -> None:
    _refused(sender, sender.with_signature(sender.body, lambda _: b""))
    headers = sender.headers(sender.body)
    _refused(sender, [(n, b"" if n == sender.signature_header else v) for n, v in headers])


def test_header_missing(sender: Sender) -> None:
    good = sender.headers(sender.body)
    for left_out in range(len(good)):
        with pytest.raises(SignatureMissing):
            sender.verify(good[:left_out] + good[left_out + 1 :], sender.body)


def test_header_sent_twice(sender: Sender) -> None:
    good = sender.headers(sender.body)
    bad = [(name, b"v1,bad") for name, _ in good]
    for headers in (good + good, good + bad, bad + good):
        with pytest.raises(RequestMalformed):
            sender.verify(headers, sender.body)


def test_header_with_non_ascii_characters(sender: Sender) -> None:
    _refused(sender, sender.with_signature(sender.body, lambda c: "é".encode() + c[2:]))
    _refused(sender, sender.with_signature(sender.body, lambda c: b"\xff" * len(c)))


def test_header_of_1_mb(sender: Sender) -> None:
    _refused(sender, sender.with_signature(sender.body, lambda c: c * (1_000_000 // len(c))))


def test_upper_case_hex_is_refused(sender: Sender) -> None:
    _refused(sender, sender.with_signature(sender.body, bytes.swapcase))


def test_base64_without_padding_and_other_spellings_of_the_code(sender: Sender) -> None:
    for change in (
        lambda c: c[:-1],
        lambda c: c + b"=",
        lambda c: c[:8] + b" " + c[8:],
        lambda c: c[:8] + b"\n" + c[8:],
        lambda c: c + b" ",
        lambda c: b"0x" + c,
    ):
        _refused(sender, sender.with_signature(sender.body, change))


def test_truncated_signature_of_the_right_prefix(sender: Sender) -> None:
    for length in (1, 16, 31, 43, -1):
        _refused(sender, sender.with_signature(sender.body, itemgetter(slice(length))))


def test_right_signature_for_the_other_mode(sender: Sender) -> None:
    _refused(sender, sender.headers(sender.body, secret=sender.other_secret))


def _received_after(sender: Sender, age_s: int) -> None:
    sender.verify(sender.headers(sender.body, at=b"%d" % (NOW_S - age_s)), sender.body)


def test_timestamp_older_than_tolerance(sender: Sender) -> None:
    _received_after(sender, TOLERANCE_S)
    if not sender.signs_time:
        _received_after(sender, 72 * 3600)
        return
    with pytest.raises(SignatureExpired) as refused:
        _received_after(sender, TOLERANCE_S + 1)
    assert (refused.value.age_s, refused.value.window_s) == (301, 300)


def test_timestamp_in_the_future(sender: Sender) -> None:
    _received_after(sender, -TOLERANCE_S)
    if not sender.signs_time:
        _received_after(sender, -TOLERANCE_S - 1)
        return
    with pytest.raises(SignatureExpired) as refused:
        _received_after(sender, -TOLERANCE_S - 1)
    assert refused.value.age_s == -301


STRANGE_TIMES = (
    *(b"", b"-1735689600", b"+1735689600", b" 1735689600", b"1735689600 ", b"1735689600.0"),
    *(b"1_735_689_600", b"1.7356896e9", b"nan", b"0", b"173568960", b"17356896000", b"9" * 400),
    "१७३५६८९६००".encode(),
)


@pytest.mark.parametrize("at", STRANGE_TIMES)
def test_timestamp_not_a_number(sender: Sender, at: bytes) -> None:
    if sender.signs_time:
        _refused(sender, sender.headers(sender.body, at=at))
    else:
        sender.verify(sender.headers(sender.body, at=at), sender.body)


def test_an_expired_signature_is_called_so_only_when_it_is_right(sender: Sender) -> None:
    _refused(sender, sender.headers(sender.body, at=b"1000000000", secret=sender.other_secret))


def test_old_secret_inside_and_outside_its_overlap(sender: Sender) -> None:
    by_the_old_one = sender.headers(sender.body, secret=sender.other_secret)

    inside = sender.verify(by_the_old_one, sender.body, sender.secret, sender.other_secret)

    assert inside.key_id == "key-1"
    _refused(sender, by_the_old_one)


def test_many_candidate_signatures(sender: Sender) -> None:
    separator = {STRIPE.name: b",v1=", STANDARD_WEBHOOKS.name: b" v1,"}.get(sender.name)
    if separator is None:
        _refused(sender, sender.with_signature(sender.body, lambda c: b",".join([c] * 2)))
        return
    fifteen = separator.join([b"bad"] * 15) + separator
    last_of_16 = sender.with_signature(sender.body, lambda c: fifteen + c)
    last_of_17 = sender.with_signature(sender.body, lambda c: b"bad" + separator + fifteen + c)
    assert sender.verify(last_of_16, sender.body).key_id == "key-0"
    _refused(sender, last_of_17)
    _refused(sender, sender.with_signature(sender.body, lambda c: fifteen * 10_000 + c))


def test_body_with_bom(sender: Sender) -> None:
    _unreadable(sender, b"\xef\xbb\xbf" + sender.body)
    _refused(sender, sender.headers(sender.body), b"\xef\xbb\xbf" + sender.body)


def test_body_not_utf_8(sender: Sender) -> None:
    _unreadable(sender, sender.body.replace(b"ORD-1", b"ORD-\xff"))
    _unreadable(sender, sender.body.decode().encode("utf-16"))
    _unreadable(sender, sender.body.decode().encode("utf-32"))


def test_gzip_body_is_verified_as_sent_and_never_unpacked(sender: Sender) -> None:
    packed = gzip.compress(sender.body)
    _refused(sender, sender.headers(sender.body), packed)
    _refused(sender, sender.headers(packed), sender.body)
    _unreadable(sender, packed)


def test_body_cut_short_at_a_limit(sender: Sender) -> None:
    whole = sender.body[:-1] + b"," + b'"pad":"' + b"x" * 300_000 + b'"}'
    assert sender.verify(sender.headers(whole), whole).events[0].readable
    _refused(sender, sender.headers(whole), whole[:262_144])


def test_empty_body(sender: Sender) -> None:
    _unreadable(sender, b"")
    for not_an_object in (b"null", b"[]", b'"x"', b"1", b"{}{}"):
        _unreadable(sender, not_an_object)


def test_json_with_duplicate_keys(sender: Sender) -> None:
    for twin in (b'"currency":"USD",', b'"curr\\u0065ncy":"USD",'):
        body = sender.body.replace(b'"currency"', twin + b'"currency"')
        assert sender.verify(sender.headers(body), body).events
        _unparsable(sender, body)


def test_json_nested_10_000_deep(sender: Sender) -> None:
    _unreadable(sender, b'{"a":' * 10_000 + b"1" + b"}" * 10_000)
    _unreadable(sender, b"[" * 250_000)
    _unparsable(sender, sender.body[:-1] + b',"deep":' + b"[" * 64 + b"]" * 64 + b"}")


@pytest.mark.parametrize(
    "amount",
    [
        *("NaN", "Infinity", "-Infinity", "1e400", "1E200000", "1e9999999999999999999999"),
        *("125000.0", "1.25e5", "true", "null", '"125000"', "-125000", "-0", "0", "+1", "0125000"),
        *("9223372036854775808", "1" * 4301, "[125000]", '{"value":125000}'),
    ],
    ids=lambda amount: amount[:12],
)
def test_nan_and_other_things_that_are_no_amount(sender: Sender, amount: str) -> None:
    body = sender.body.replace(b"125000", amount.encode())
    assert sender.verify(sender.headers(body), body).events
    _unparsable(sender, body)
