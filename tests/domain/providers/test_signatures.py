from __future__ import annotations

import base64

import pytest

from domain import signing
from domain.delivery import Delivery, Secret
from domain.errors import SignatureExpired, SignatureInvalid, SignatureMissing
from tests.conformance.sender import NOW_S, Headers, Request
from tests.conformance.senders.paystack import SENDER as PAYSTACK
from tests.conformance.senders.standard_webhooks import SENDER as STANDARD_WEBHOOKS
from tests.conformance.senders.standard_webhooks import code as message_code
from tests.conformance.senders.stripe import SENDER as STRIPE
from tests.conformance.senders.stripe import code as stripe_code

AT = b"%d" % NOW_S
OLD, NEW = STRIPE.other_secret, STRIPE.secret


def _stripe(header: bytes, *secrets: bytes) -> str:
    return STRIPE.verify(Request([(b"stripe-signature", header)], STRIPE.body), *secrets).key_id


def test_during_a_rotation_either_of_two_codes_is_enough() -> None:
    old, new = (stripe_code(secret, AT, STRIPE.body) for secret in (OLD, NEW))

    assert _stripe(b"t=" + AT + b",v1=" + old + b",v1=" + new, NEW) == "key-0"
    assert _stripe(b"t=" + AT + b",v1=" + old + b",v1=" + new, OLD) == "key-0"
    assert _stripe(b"t=" + AT + b",v1=" + old + b",v1=" + new, NEW, OLD) == "key-0"
    assert _stripe(b"t=" + AT + b",v1=" + old, NEW, OLD) == "key-1"


def test_a_code_under_another_version_proves_nothing() -> None:
    good = stripe_code(NEW, AT, STRIPE.body)

    for version in (b"v0", b"v1a", b"V1", b" v1", b"none", b"sha256"):
        with pytest.raises(SignatureInvalid):
            _stripe(b"t=" + AT + b"," + version + b"=" + good)


def test_stripe_signs_one_time_and_no_other() -> None:
    good = stripe_code(NEW, AT, STRIPE.body)

    for header in (
        b"v1=" + good,
        b"t=" + AT + b",t=" + AT + b",v1=" + good,
        b"t=" + AT + b",v1",
        b"t=" + AT + b",v1=" + good + b",",
        b"t=" + AT + b" ,v1=" + good,
        b"t=1735689601,v1=" + good,
    ):
        with pytest.raises(SignatureInvalid):
            _stripe(header)


def _message(
    signature: bytes, *, prefix: bytes = b"webhook-", message_id: bytes = b"msg_1", at: bytes = AT
) -> Headers:
    values = (message_id, at, signature)
    return [
        (prefix + name, value)
        for name, value in zip((b"id", b"timestamp", b"signature"), values, strict=True)
    ]


BODY = STANDARD_WEBHOOKS.body
CODE = message_code(STANDARD_WEBHOOKS.secret, b"msg_1", AT, BODY)


@pytest.mark.parametrize("prefix", [b"webhook-", b"svix-"])
def test_either_set_of_header_names_is_understood(prefix: bytes) -> None:
    verified = STANDARD_WEBHOOKS.verify(Request(_message(b"v1," + CODE, prefix=prefix), BODY))

    assert verified.events[0].key == "msg_1"


def test_the_two_sets_of_header_names_are_never_mixed() -> None:
    webhook, svix = _message(b"v1," + CODE), _message(b"v1," + CODE, prefix=b"svix-")

    for mixed in (webhook[:1] + svix[1:], webhook[:2] + svix[2:], svix[:1] + webhook[1:]):
        with pytest.raises(SignatureMissing):
            STANDARD_WEBHOOKS.verify(Request(mixed, BODY))


def test_of_two_whole_sets_the_webhook_one_is_meant() -> None:
    forged = _message(b"v1," + CODE, prefix=b"svix-", message_id=b"msg_2")

    assert (
        STANDARD_WEBHOOKS.verify(Request(forged + _message(b"v1," + CODE), BODY)).events[0].key
        == "msg_1"
    )
    with pytest.raises(SignatureInvalid):
        STANDARD_WEBHOOKS.verify(Request(forged + _message(b"v1,bad"), BODY))


def test_an_ed25519_code_is_skipped_and_the_hmac_beside_it_counts() -> None:
    ed25519 = b"v1a," + base64.b64encode(bytes(64))

    assert (
        STANDARD_WEBHOOKS.verify(Request(_message(ed25519 + b" v1," + CODE), BODY)).key_id
        == "key-0"
    )
    for alone in (ed25519, b"v1a," + CODE, b"v0," + CODE, b"none," + CODE):
        with pytest.raises(SignatureInvalid):
            STANDARD_WEBHOOKS.verify(Request(_message(alone), BODY))


def test_a_list_of_codes_that_is_not_well_formed_is_refused() -> None:
    for signature in (CODE, b"v1", b"v1," + CODE + b",x", b"v1," + CODE + b"  v1,x", b"v1=" + CODE):
        with pytest.raises(SignatureInvalid):
            STANDARD_WEBHOOKS.verify(Request(_message(signature), BODY))


def test_what_is_signed_cannot_change_its_borders() -> None:
    longer = AT + b"." + BODY
    code = message_code(STANDARD_WEBHOOKS.secret, b"a", AT, longer)
    assert code == message_code(STANDARD_WEBHOOKS.secret, b"a." + AT, AT, BODY)

    STANDARD_WEBHOOKS.verify(Request(_message(b"v1," + code, message_id=b"a"), longer))
    with pytest.raises(SignatureInvalid):
        STANDARD_WEBHOOKS.verify(Request(_message(b"v1," + code, message_id=b"a." + AT), BODY))


@pytest.mark.parametrize("message_id", [b"", b"a b", b"a\x00", b"a\n", "é".encode(), b"a" * 201])
def test_a_message_id_is_short_visible_ascii(message_id: bytes) -> None:
    code = message_code(STANDARD_WEBHOOKS.secret, message_id, AT, BODY)

    with pytest.raises(SignatureInvalid):
        STANDARD_WEBHOOKS.verify(Request(_message(b"v1," + code, message_id=message_id), BODY))


def test_every_code_is_compared_with_every_secret_even_after_a_match() -> None:
    asked: list[bytes] = []

    def code_of(secret: bytes) -> bytes:
        asked.append(secret)
        return secret

    secrets = [Secret("a", b"1"), Secret("b", b"2"), Secret("c", b"3")]

    assert signing.matching_key_id(secrets, [b"1", b"2"], code_of) == "a"
    assert asked == [b"1", b"2", b"3"]


def test_a_header_holds_at_most_4096_bytes() -> None:
    longest = Delivery([(b"x", b"a" * 4096)], b"", NOW_S)

    assert len(signing.required_header(longest, b"x")) == 4096
    with pytest.raises(SignatureInvalid, match="4097 bytes"):
        signing.required_header(Delivery([(b"x", b"a" * 4097)], b"", NOW_S), b"x")


def test_a_time_is_judged_to_the_second_on_both_sides() -> None:
    for age_s in (-300, 0, 300):
        signing.require_fresh(NOW_S - age_s, received_at_s=NOW_S)
    for age_s in (-301, 301):
        with pytest.raises(SignatureExpired):
            signing.require_fresh(NOW_S - age_s, received_at_s=NOW_S)


def test_paystack_has_no_time_so_a_repeat_is_told_by_its_key_alone() -> None:
    first, second = (PAYSTACK.verify(PAYSTACK.request()) for _ in range(2))

    assert first.events[0].key == second.events[0].key == "14:charge.success6:302961"
