from __future__ import annotations

import zlib

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from domain.delivery import (
    Hearsay,
    Hint,
    ProviderEvent,
)
from domain.errors import SignatureInvalid
from domain.providers.paypal import PayPal
from domain.providers.public_keys import rsa_key, rsa_sha256_proves
from tests.conformance.sender import Request, dumped
from tests.conformance.senders.paypal import SENDER

VECTOR_KEY = b"""-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvLAjPhoPmKN3nvzyQih1
Zk5PEc7daRPxAdGyOn248vjpDvI/Jk+v9m+BPiowH8uAnf1YDKn/3iLpHaRBpFvf
O3J2VeJ4O9w5m8CiUJqJ2HJL5/AEHALOC3L9Xr6wCo1ToEohcRWtWzze9FchkGoM
wuv1ARMAwS0aY8xvV9ZmkWjhZh5o4wgAwDOFP+OzRB2Z0KLJcFFLFXaZqfR1u9ca
SsL97RNNdqY7gM2m7/oESzAE7CN0wclYr+9tDBThJPSn70J5cniN8SmG/2Fj+T+2
rQfmgHPoSp5MJKYDjURs8lS6iYVVpPjuU0Q1fZ9uFw7XqG+c7iF9e/5zPeltHQqS
LwIDAQAB
-----END PUBLIC KEY-----
"""
VECTOR_CODE = (
    b"Yt6bGUwstNFo5DqfbFefHYNOvswKxmO3b6CwymTBRR8FodqxuwTuBoKX4q6dnQWTkTfcJOSQ7m4gh2HBfNpq48oOzc5c"
    b"hOmNO7qpX/eAQ14IGQYvtqakEo35cim8ivjytn5OdqpVV3gssDm/E5Hm9ZOiRLITFqg+4r7Miwm/NyQyMjrbK7b46cEd"
    b"eefQBc6Rgaw/0amj4+DR8I8VasVMKYSdMO3Rj2CWz7dEq80OWRjRiTGA4CarzTip4wCeogaREiiWMl4cg3QUxMtdDkk3"
    b"drxIF1ysKRcudcTfQLOdYSV2WslhLH0H4jZ/xDyN7maRfpWyZOcRA53KvsOOcg6IcA=="
)
VECTOR_CONTENT = (
    b"11111111-2222-3333-4444-555555555555|2025-01-01T00:00:00Z|WEBHOOKID0001|2145015107"
)
VECTOR_BODY = (
    b'{"id":"WH-TEST-0001","event_type":"PAYMENT.CAPTURE.COMPLETED","resource":{"id":"CAP-1",'
    b'"status":"COMPLETED","amount":{"value":"12.50","currency_code":"USD"},"invoice_id":"ORD-1"}}'
)


def with_header(name: bytes, value: bytes) -> Request:
    good = SENDER.request()
    headers = [(each, value if each == name else was) for each, was in good.headers]
    return Request(headers, good.body)


def twin(body: bytes, place: bytes, other: bytes) -> bytes:
    """Return the body with other words, and a free text that brings its CRC-32 back."""
    letters = 64
    changed = body.replace(place, other)
    start = changed.index(b"12.50")
    changed = changed[:start] + b"A" * letters + changed[start:]
    columns: dict[int, tuple[int, int]] = {}
    for n in range(letters):
        bit = changed[: start + n] + b"C" + changed[start + n + 1 :]
        value, which = zlib.crc32(bit) ^ zlib.crc32(changed), 1 << n
        for pivot, (reduced, made_of) in columns.items():
            if value >> pivot & 1:
                value, which = value ^ reduced, which ^ made_of
        if value:
            columns[value.bit_length() - 1] = (value, which)
    chosen, rest = 0, zlib.crc32(body) ^ zlib.crc32(changed)
    for pivot in sorted(columns, reverse=True):
        if rest >> pivot & 1:
            rest, chosen = rest ^ columns[pivot][0], chosen ^ columns[pivot][1]
    assert rest == 0
    note = bytes(b"AC"[chosen >> n & 1] for n in range(letters))
    return changed[:start] + note + changed[start + letters :]


def test_what_is_signed_is_id_time_webhook_and_checksum() -> None:
    key = rsa_key(load_pem_public_key(VECTOR_KEY))

    assert zlib.crc32(VECTOR_BODY) == 2_145_015_107
    assert key is not None
    assert rsa_sha256_proves(key, VECTOR_CODE, VECTOR_CONTENT)
    assert not rsa_sha256_proves(key, VECTOR_CODE, VECTOR_CONTENT + b"0")


def test_a_body_that_was_changed_to_the_same_checksum_gives_rise_to_a_question_alone() -> None:
    request = SENDER.request()
    forged = request.with_body(twin(request.body, b"1250.00", b"9912.50"))

    assert forged.body != request.body
    assert SENDER.verify(forged).events[0].key == SENDER.verify(request).events[0].key
    said = SENDER.provider.parse(forged.body, "any")
    assert said == Hearsay("PAYMENT.CAPTURE.COMPLETED", Hint("ORD-1"), Hint("CAP302961"))


@pytest.mark.parametrize(
    ("type_", "resource", "named"),
    [
        ("PAYMENT.CAPTURE.REFUNDED", {"id": "R1", "custom_id": "ORD-1"}, ("ORD-1", "R1")),
        (
            "CHECKOUT.ORDER.APPROVED",
            {"id": "O1", "purchase_units": [{"invoice_id": "ORD-1"}]},
            ("ORD-1", "O1"),
        ),
        (
            "CUSTOMER.DISPUTE.CREATED",
            {"dispute_id": "D1", "disputed_transactions": [{"invoice_number": "ORD-1"}]},
            ("ORD-1", "D1"),
        ),
    ],
)
def test_refunds_orders_and_disputes_are_asked_about(
    type_: str, resource: dict[str, object], named: tuple[str, str]
) -> None:
    body = dumped({"id": "WH-1", "event_type": type_, "resource": resource})

    assert PayPal().parse(body, "any") == Hearsay(type_, Hint(named[0]), Hint(named[1]))


@pytest.mark.parametrize("type_", ["PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "BILLING.PLAN.CREATED"])
def test_payouts_and_plans_are_ignored(type_: str) -> None:
    body = dumped({"id": "WH-1", "event_type": type_, "resource": {"id": "X"}})

    assert PayPal().parse(body, "any") == ProviderEvent(type_, None)


@pytest.mark.parametrize("algorithm", [b"SHA1withRSA", b"sha256withrsa", b"SHA512withRSA", b""])
def test_another_algorithm_is_refused_before_anything_is_asked(algorithm: bytes) -> None:
    request = with_header(b"paypal-auth-algo", algorithm)

    with pytest.raises(SignatureInvalid):
        SENDER.provider.key_wanted(SENDER.delivery(request), ())
    with pytest.raises(SignatureInvalid):
        SENDER.verify(request)


def test_parts_that_could_change_their_borders_are_refused() -> None:
    for name, value in (
        (b"paypal-transmission-id", b"1|2"),
        (b"paypal-transmission-time", b"2025-01-01T00:00:00Z|x"),
        (b"paypal-transmission-time", b""),
    ):
        with pytest.raises(SignatureInvalid):
            SENDER.verify(with_header(name, value))
