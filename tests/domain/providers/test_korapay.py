"""Bodies in the shapes Korapay publishes, with values of our own."""

from __future__ import annotations

import pytest

from domain.delivery import Delivery, ProviderEvent, Secret
from domain.errors import PayloadInvalid, RefetchRequired, SignatureInvalid
from domain.facts import FactKind, FactStatus
from domain.money import Money
from domain.providers.korapay import Korapay
from domain.providers.raw_member import raw_member
from tests.conformance.sender import Request
from tests.conformance.senders.korapay import SENDER

PLAIN = Secret("first", b"test-only-not-a-real-key-0001")
CODE = b"8c5c728d3de15c5c82f05d4e750c75a8e70d728324f9562dbc07e380d2d5eb78"
DATA = b'{"reference":"ORD-1","currency":"NGN","amount":1250,"fee":18.75,"status":"success"}'
BODY = b'{"event":"charge.success","data":' + DATA + b"}"


def verified_key(body: bytes) -> str:
    delivery = Delivery([(b"x-korapay-signature", CODE)], body, 0)
    return Korapay().verify(delivery, [PLAIN]).events[0].key


def parsed(event: bytes, data: bytes = DATA) -> ProviderEvent:
    said = Korapay().parse(b'{"event":"%b","data":%b}' % (event, data), "any")
    assert isinstance(said, ProviderEvent)
    return said


def test_the_member_data_alone_is_signed() -> None:
    assert verified_key(BODY).startswith("5:ORD-17:success64:")


@pytest.mark.parametrize(
    "body",
    [
        b' { "data" : ' + DATA + b' , "event" : "charge.success" } \n',
        b'{"event":"charge.failed","data":' + DATA + b"}",
        b'{"event":"charge.success","d\\u0061ta":' + DATA + b',"more":[{"data":1}]}',
        b'{"event":"charge.success","event":1,"n":' + b"9" * 5000 + b',"data":' + DATA + b"}",
    ],
)
def test_nothing_beside_it_makes_another_event_of_a_delivery(body: bytes) -> None:
    assert verified_key(body) == verified_key(BODY)


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace(b"1250", b"1250.00"),
        BODY.replace(b'"amount":1250', b'"amount": 1250'),
        BODY[:-1] + b',"data":' + DATA + b"}",
        BODY[:-1] + b',"d\\u0061ta":{}}',
        b'{"event":"charge.success","other":{"data":' + DATA + b"}}",
        b'[{"data":' + DATA + b"}]",
        BODY[:-1],
        BODY + b"{}",
        BODY[:-1] + b",}",
        BODY[:-1] + b',1:"x"}',
        b'{"data"' + DATA + b"}",
        b"\xef\xbb\xbf" + BODY,
        b"{}",
        DATA,
    ],
)
def test_another_byte_or_a_second_member_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        verified_key(body)


def test_a_raw_member_is_the_bytes_as_sent() -> None:
    assert raw_member('{"a": [1.00 ,"é"], "b":2}'.encode(), "a") == '[1.00 ,"é"]'.encode()


def test_a_charge_is_a_success_of_what_is_signed() -> None:
    said = parsed(b"charge.success")

    assert [fact.key for fact in said.facts] == [
        (FactKind.SUCCEEDED, "ORD-1", FactStatus.SUCCEEDED, Money("NGN", 125_000), None)
    ]
    assert (said.type, said.reference) == ("charge.success", "ORD-1")


@pytest.mark.parametrize(
    ("written", "minor"), [(b"1250.00", 125_000), (b'"1250.5"', 125_050), (b"0.01", 1)]
)
def test_an_amount_is_exact_in_major_units(written: bytes, minor: int) -> None:
    said = parsed(b"charge.success", DATA.replace(b"1250", written))

    assert said.facts[0].amount == Money("NGN", minor)


def test_a_failed_charge_is_a_failure() -> None:
    said = parsed(b"charge.failed", DATA.replace(b'"success"', b'"failed"'))

    assert [fact.kind for fact in said.facts] == [FactKind.FAILED]


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (b"charge.success", b"failed"),
        (b"charge.failed", b"success"),
        (b"refund.failed", b"success"),
        (b"transfer.success", b"processing"),
        (b"charge", b"success"),
    ],
)
def test_an_event_that_disagrees_with_the_signed_status_is_refused(
    event: bytes, status: bytes
) -> None:
    with pytest.raises(PayloadInvalid, match="disagrees"):
        parsed(event, DATA.replace(b'"success"', b'"%b"' % status))


@pytest.mark.parametrize("event", [b"transfer.success", b"virtual_account.created"])
def test_what_is_no_charge_is_ignored_and_about_nobody(event: bytes) -> None:
    assert parsed(event) == ProviderEvent(event.decode(), None)


def test_a_refund_is_asked_about_since_a_charge_could_be_shown_as_one() -> None:
    with pytest.raises(RefetchRequired):
        parsed(b"refund.success")


def test_the_same_charge_with_other_data_is_another_event() -> None:
    other = SENDER.request(SENDER.body.replace(b"18.75", b"18.76"))

    keys = {SENDER.verify(each).events[0].key for each in (SENDER.request(), other)}

    assert len(keys) == 2


def test_a_signed_member_that_is_no_object_is_kept_and_never_parsed() -> None:
    request = SENDER.request(b'{"event":"charge.success","data":[]}')

    (event,) = SENDER.verify(request).events

    assert not event.readable
    with pytest.raises(PayloadInvalid):
        Korapay().parse(Request([], request.body).body, event.key)
