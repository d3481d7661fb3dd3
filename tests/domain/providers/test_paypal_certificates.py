from __future__ import annotations

import datetime as dt

import pytest

from domain.delivery import (
    Delivery,
    KeyAnswer,
    KeyWanted,
    Mode,
    Secret,
)
from domain.errors import OutcomeUnknown, SignatureInvalid
from domain.providers.paypal import PayPal
from tests.conformance.key_pairs import certificates
from tests.conformance.sender import NOW_S, Request
from tests.conformance.senders.paypal import CERTIFICATE_URL, SENDER


def with_header(name: bytes, value: bytes) -> Request:
    good = SENDER.request()
    headers = [(each, value if each == name else was) for each, was in good.headers]
    return Request(headers, good.body)


def wanted(url: str, provider: PayPal | None = None) -> KeyWanted:
    request = with_header(b"paypal-cert-url", url.encode())
    found = (provider or PayPal()).key_wanted(SENDER.delivery(request), ())
    assert found is not None
    return found


PATH = "/v1/notifications/certs/CERT-360caa42"


@pytest.mark.parametrize(
    "url",
    [
        *("http://api.paypal.com" + PATH, "//api.paypal.com" + PATH, "ftp://api.paypal.com" + PATH),
        *("https://api.paypal.com.evil.example" + PATH, "https://evil.example" + PATH),
        *("https://evil.example/https://api.paypal.com" + PATH, "https://API.paypal.com" + PATH),
        *("https://api.paypal.com@evil.example" + PATH, "https://u:p@api.paypal.com" + PATH),
        *("https://api.paypal.com:8443" + PATH, "https://api.paypal.com\\@evil.example" + PATH),
        *("https://api.paypal.com" + PATH + "?a=b", "https://api.paypal.com" + PATH + "#a"),
        *("https://api.paypal.com" + PATH + "/..", "https://api.paypal.com/v1/oauth2/token"),
        *("https://api.paypal.com" + PATH + "\n", "https://api.paypal.com" + PATH + "%2e"),
        *("https://127.0.0.1" + PATH, "https://api-m.paypal.com" + PATH, "", "https://"),
    ],
)
def test_an_address_that_is_none_of_paypals_certificates_is_refused(url: str) -> None:
    with pytest.raises(SignatureInvalid):
        wanted(url)


def test_each_mode_has_its_own_host() -> None:
    live, test = ("https://api.paypal.com" + PATH, "https://api.sandbox.paypal.com" + PATH)

    assert wanted(live).hosts == {"api.paypal.com"}
    assert wanted(test).hosts == {"api.sandbox.paypal.com"}
    for mode, other in ((Mode.LIVE, test), (Mode.TEST, live)):
        with pytest.raises(SignatureInvalid):
            wanted(other, PayPal().configured({}, mode))


def answer(body: bytes, *roots: bytes, status: int = 200, at_s: int = NOW_S) -> KeyAnswer:
    return KeyAnswer(status, body, roots, at_s)


def test_a_certificate_is_believed_for_its_name_its_time_and_its_authority() -> None:
    good, read = certificates(), wanted(CERTIFICATE_URL).read

    assert read(answer(good.chain, b"another", good.root)) == good.leaf
    elsewhere = certificates("messageverificationcerts.paypal.com.evil.example")
    stranger = certificates(authority="Another Authority")
    only_leaf = good.chain.partition(b"-----BEGIN CERTIFICATE-----\n")[2]
    leaf = b"-----BEGIN CERTIFICATE-----\n" + only_leaf.partition(b"-----BEGIN")[0]
    for wrong in (
        answer(good.chain),
        answer(good.chain, stranger.root),
        answer(elsewhere.chain, elsewhere.root),
        answer(good.chain, good.root, at_s=NOW_S - 3_000_000),
        answer(good.chain, good.root, at_s=2_400_000_000),
        answer(leaf, good.root),
        answer(b"", status=404),
    ):
        with pytest.raises(SignatureInvalid):
            read(wrong)
    for unclear in (answer(b"<html>"), answer(good.chain * 5, good.root), answer(b"", status=302)):
        with pytest.raises(OutcomeUnknown):
            read(unclear)


def test_a_certificate_for_the_sandbox_proves_nothing_live() -> None:
    sandbox = certificates("messageverificationcerts.sandbox.paypal.com")
    test_url = CERTIFICATE_URL.replace("api.", "api.sandbox.")

    assert wanted(test_url).read(answer(sandbox.chain, sandbox.root)) == sandbox.leaf
    with pytest.raises(SignatureInvalid):
        wanted(CERTIFICATE_URL).read(answer(sandbox.chain, sandbox.root))


def test_a_certificate_that_has_ended_since_it_was_fetched_proves_nothing() -> None:
    ended = certificates(until=dt.datetime.fromtimestamp(NOW_S - 1, dt.UTC))
    request = SENDER.request()
    delivery = Delivery(request.headers, request.body, NOW_S, keys={CERTIFICATE_URL: ended.leaf})

    with pytest.raises(SignatureInvalid, match="not valid now"):
        SENDER.provider.verify(delivery, [Secret("first", SENDER.secret)])
