"""Signatures at their edges: halves of headers, keys of a wrong form, codes of a wrong length."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from domain import signing
from domain.delivery import Delivery, Hearsay, Mode, ProviderEvent, Secret
from domain.errors import RequestMalformed, SignatureExpired, SignatureInvalid, SignatureMissing
from domain.providers import public_keys
from domain.providers.fawry_v2 import FawryV2
from domain.providers.message_hmac import base64_key
from domain.providers.paystack import Paystack
from domain.providers.public_keys import base64url, es256_proves, p256_key, rsa_key
from domain.providers.timed_hmac import named_values, sole_time
from domain.providers.token import PathToken
from tests.conformance.sender import NOW_S, Request
from tests.conformance.senders.paystack import SENDER as PAYSTACK
from tests.conformance.senders.standard_webhooks import SENDER as STANDARD_WEBHOOKS
from tests.conformance.senders.standard_webhooks import code as message_code
from tests.conformance.senders.stripe import SENDER as STRIPE

AT = b"%d" % NOW_S
BODY = STANDARD_WEBHOOKS.body
CODE = b"v1," + message_code(STANDARD_WEBHOOKS.secret, b"msg_1", AT, BODY)
TOKEN = b"t" * 24


class Counted(PathToken):
    """A member that says what it is told to."""

    name = "counted"
    ignored = ("payout",)

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> tuple[object, ...]:
        del delivery
        return (tree.get("id"),)

    def hear(self, claimed: Any) -> Hearsay:
        type_ = claimed.type_name("type", otherwise="event")
        return Hearsay(type_, claimed.hint("reference"), None, mode=Mode.TEST)


def arrived(url: str) -> str:
    return Counted().authenticate(Delivery([], b"{}", NOW_S, url), [Secret("k", TOKEN)])


def test_a_set_of_headers_counts_only_when_it_is_whole() -> None:
    whole = [(b"svix-id", b"msg_1"), (b"svix-timestamp", AT), (b"svix-signature", CODE)]
    for half in ([(b"webhook-id", b"other")], [(b"webhook-signature", b"v1,x")]):
        assert STANDARD_WEBHOOKS.verify(Request([*half, *whole], BODY)).events[0].key == "msg_1"
    for left_out in whole:
        headers = [each for each in whole if each is not left_out]
        with pytest.raises(SignatureMissing):
            STANDARD_WEBHOOKS.verify(Request(headers, BODY))


@pytest.mark.parametrize(
    "secret", [b"", b"key", b"whsec_", b"whsec_?", b"whsec_QQ", b"whsec_QR==", b"WHSEC_QQ=="]
)
def test_a_secret_of_a_wrong_form_is_no_key_at_all(secret: bytes) -> None:
    assert base64_key(secret, prefix=b"whsec_") == b""


def test_canonical_base64_after_the_prefix_is_the_key() -> None:
    assert base64_key(b"whsec_QQ==", prefix=b"whsec_") == b"A"
    assert base64_key(b"QQ==", prefix=b"") == b"A"


@pytest.mark.parametrize(
    ("size", "is_secret"), [(15, False), (16, True), (512, True), (513, False)]
)
def test_a_secret_has_16_to_512_characters(size: int, *, is_secret: bool) -> None:
    assert Paystack().is_secret("x" * size) is is_secret
    assert Paystack().alias == ""


@pytest.mark.parametrize(
    ("size", "is_secret"), [(23, False), (24, True), (128, True), (129, False)]
)
def test_a_token_in_a_path_has_24_to_128_characters(size: int, *, is_secret: bool) -> None:
    assert Counted().is_secret("x" * size) is is_secret


def test_only_the_last_part_of_the_path_is_the_token() -> None:
    token = TOKEN.decode()
    assert arrived(f"https://x/webhooks/counted/{token}") == "k"
    assert arrived(f"https://x/webhooks/counted/{token}?a=/b") == "k"
    for path in (f"{token}/", f"{token}/x", f"x{token}", f"{token}☃", "☃", ""):
        with pytest.raises(SignatureInvalid):
            arrived(f"https://x/webhooks/counted/{path}")
    with pytest.raises(SignatureInvalid, match="the path is too long"):
        arrived("https://x/" + "x" * (signing.HEADER_BYTES_MAX + 1))


def test_a_type_that_is_about_no_payment_asks_nobody_and_keeps_its_world() -> None:
    assert Counted().translate({"type": "payout.made", "reference": "p1"}) == ProviderEvent(
        "payout.made", reference=None, mode=Mode.TEST
    )
    heard = Counted().translate({"type": "paid", "reference": "p1"})
    assert isinstance(heard, Hearsay)
    assert Counted().reference({"type": "paid", "reference": "p1"}) == "p1"
    assert Counted().reference({"type": "paid"}) is None


@pytest.mark.parametrize(
    ("body", "error", "why"),
    [
        (b"{", SignatureMissing, "no messageSignature can be read"),
        (b"{}", SignatureMissing, "the body has no messageSignature"),
        (b'{"messageSignature":7}', SignatureMissing, "the body has no messageSignature"),
        (
            b'{"messageSignature":"' + b"a" * 4_097 + b'"}',
            SignatureInvalid,
            "messageSignature has 4097 characters",
        ),
        (b'{"messageSignature":"' + b"a" * 4_096 + b'"}', SignatureInvalid, "match none of 1"),
        ('{"messageSignature":"é☃"}'.encode(), SignatureInvalid, "match none of 1"),
    ],
)
def test_a_hash_in_the_body_is_a_text_of_a_fair_length(
    body: bytes, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        FawryV2().authenticate(Delivery([], body, NOW_S), [Secret("k", TOKEN)])


def of_bits(bits: int) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(65_537, 2 ** (bits - 1) + 1).public_key()


def test_an_rsa_key_has_2048_to_8192_bits() -> None:
    for bits in (2_048, 4_096, 8_192):
        key = of_bits(bits)
        assert rsa_key(key) is key
    for bits in (2_047, 8_193):
        assert rsa_key(of_bits(bits)) is None


def test_what_is_no_rsa_key_is_none_whatever_its_size() -> None:
    class Sized:
        key_size = 2_048

    assert rsa_key(Sized()) is None
    assert rsa_key(ec.generate_private_key(ec.SECP256R1()).public_key()) is None


def test_what_a_setting_holds_is_read_once_and_is_none_where_it_is_no_key() -> None:
    for text in (b"", b"?", b"QQ==", base64.b64encode(b"x" * 300)):
        assert public_keys.pinned_rsa_key(text) is None
    assert public_keys.pinned_rsa_key.cache_parameters()["maxsize"] == 64


def test_a_point_is_two_numbers_of_32_bytes_on_the_curve() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    x, y = (n.to_bytes(32) for n in (key.public_numbers().x, key.public_numbers().y))
    assert p256_key(x, y) == key
    assert p256_key(b"\0" + x, y) is None
    assert p256_key(x, b"\0" + y) is None
    assert p256_key(x, x) is None
    assert p256_key(b"\xff" * 32, y) is None
    for length in (0, 63, 65):
        assert not es256_proves(key, b"\1" * length, b"")
    assert not es256_proves(key, b"\1" * 64, b"")


@given(st.binary(max_size=40))
def test_base64url_is_read_as_it_is_written_without_padding(content: bytes) -> None:
    written = base64.urlsafe_b64encode(content).decode().rstrip("=")
    assert base64url(written) == content
    assert base64url(written + "=") == b""
    assert base64url("AAAX") == b"\x00\x00\x17"


@pytest.mark.parametrize("text", ["A", "QR", "QQ==", "Q Q", "é", "+/+/", "QQ\n", "\u0661\u0661"])
def test_what_is_no_canonical_base64url_is_nothing(text: str) -> None:
    assert base64url(text) == b""


def test_a_list_of_names_and_values_is_one_throughout() -> None:
    assert named_values(b"t=1,v1=a=b,v1=", b",", header_name="h") == [
        (b"t", b"1"),
        (b"v1", b"a=b"),
        (b"v1", b""),
    ]
    for header in (b"", b"t", b"t=1,", b"t=1,v1"):
        with pytest.raises(SignatureInvalid, match="h is not a list of name=value"):
            named_values(header, b",", header_name="h")


def test_one_time_is_taken_and_none_or_several_are_not() -> None:
    pairs = [(b"t", b"1"), (b"v", b"2")]
    assert sole_time(pairs, b"v", header_name="h") == b"2"
    with pytest.raises(SignatureInvalid, match="h has 0 timestamps"):
        sole_time(pairs, b"x", header_name="h")
    with pytest.raises(SignatureInvalid, match="h has 2 timestamps"):
        sole_time([*pairs, *pairs], b"t", header_name="h")


def asked(value: bytes | None, *, times: int = 1) -> bytes:
    headers = [] if value is None else [(b"x-code", value)] * times
    return signing.required_header(Delivery(headers, b"", NOW_S), b"x-code")


def test_a_header_that_signs_is_there_once_and_of_a_fair_length() -> None:
    assert asked(b"") == b""
    assert asked(b"x" * 4_096) == b"x" * 4_096
    with pytest.raises(SignatureInvalid, match="the header x-code has 4097 bytes"):
        asked(b"x" * 4_097)
    with pytest.raises(SignatureMissing, match="the header x-code is missing"):
        asked(None)
    with pytest.raises(RequestMalformed, match="the header x-code is there 2 times"):
        asked(b"x", times=2)


def matching(secrets: list[bytes], candidates: list[bytes]) -> str:
    named = [Secret(f"k{at}", value) for at, value in enumerate(secrets)]
    return signing.matching_key_id(named, candidates, lambda secret: b"code of " + secret)


def test_the_first_secret_that_made_one_of_the_codes_is_named() -> None:
    assert matching([b"a", b"b"], [b"code of b"]) == "k1"
    assert matching([b"a", b"b"], [b"x", b"code of b", b"code of a"]) == "k0"
    assert matching([b"", b"a"], [b"code of ", b"code of a"]) == "k1"


@pytest.mark.parametrize(
    ("secrets", "candidates"),
    [([], [b"code of a"]), ([b"a"], []), ([b""], [b"code of "]), ([b"a"], [b"code of aa"])],
)
def test_what_no_secret_has_made_is_refused(secrets: list[bytes], candidates: list[bytes]) -> None:
    with pytest.raises(SignatureInvalid, match="match none of"):
        matching(secrets, candidates)


def test_sixteen_codes_are_compared_and_one_more_is_refused() -> None:
    assert matching([b"a"], [b"x"] * 15 + [b"code of a"]) == "k0"
    with pytest.raises(SignatureInvalid, match="17 signatures in one header"):
        matching([b"a"], [b"x"] * 16 + [b"code of a"])


def test_the_name_of_a_secret_is_short_the_same_everywhere_and_of_that_secret_alone() -> None:
    assert signing.key_id("sk_test_1") == "5e72ab8f61ea"
    assert signing.key_id("sk_test_1") != signing.key_id("sk_test_2")


@pytest.mark.parametrize("age_s", [-300, 0, 300])
def test_a_time_within_five_minutes_is_fresh_both_edges_included(age_s: int) -> None:
    signing.require_fresh(NOW_S - age_s, received_at_s=NOW_S)


@pytest.mark.parametrize("age_s", [-301, 301])
def test_a_time_outside_of_five_minutes_is_not(age_s: int) -> None:
    with pytest.raises(SignatureExpired) as expired:
        signing.require_fresh(NOW_S - age_s, received_at_s=NOW_S)
    assert (expired.value.age_s, expired.value.window_s) == (age_s, 300)


@pytest.mark.parametrize(
    "text", [b"", b"123456789", b"12345678901", b"+123456789", b"1234567 90", b"123456789\n"]
)
def test_a_time_is_ten_digits_and_nothing_else(text: bytes) -> None:
    assert signing.unix_seconds(b"0123456789") == 123_456_789
    with pytest.raises(SignatureInvalid, match="not ten decimal digits"):
        signing.unix_seconds(text)


def test_half_a_surrogate_pair_is_no_secret() -> None:
    for sender in (STANDARD_WEBHOOKS, PAYSTACK, STRIPE):
        assert not sender.provider.is_secret(sender.secret.decode() + "\ud800")


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"t", "stripe-signature is not a list of name=value"),
        (b"v1=a", "stripe-signature has 0 timestamps"),
        (b"t=" + AT + b",v0=a", "0 signatures match none of 1 secrets"),
    ],
)
def test_stripe_says_of_its_header_what_is_wrong(header: bytes, why: str) -> None:
    with pytest.raises(SignatureInvalid, match=why):
        STRIPE.verify(Request([(b"stripe-signature", header)], STRIPE.body))
