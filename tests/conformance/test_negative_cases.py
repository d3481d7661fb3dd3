"""The twenty-five ways of being wrong that every dialect must know, one test each: requests.

What a test demands follows from what the sender declares: whether the signature covers the body,
some fields of it or nothing, where the code stands, and whether a time is signed. Those that spoil
the body are in `test_negative_bodies.py`.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

import pytest

from domain.errors import RequestMalformed, SignatureExpired, SignatureMissing, SignatureRefused
from domain.signing import TOLERANCE_S
from tests.conformance.cases import every_sender
from tests.conformance.changes import needed_headers, without, wrong_code
from tests.conformance.outcomes import (
    is_let_in,
    nothing_gained,
    refused,
    turned_away,
)
from tests.conformance.sender import NOW_S, Request

if TYPE_CHECKING:
    from tests.conformance.sender import Change, Sender

DAYS_3_S = 259_200


@every_sender
def test_one_bit_of_the_signature_flipped(sender: Sender) -> None:
    wrong_code(sender, lambda code: bytes([code[0] ^ 1]) + code[1:])
    wrong_code(sender, lambda code: code[:9] + bytes([code[9] ^ 1]) + code[10:])


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
