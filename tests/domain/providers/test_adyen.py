"""Items in the shapes Adyen publishes, with values of our own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.delivery import Delivery, KeyedEvent, ProviderEvent, Secret
from domain.errors import PayloadInvalid, RefetchRequired, SignatureInvalid, SignatureMissing
from domain.facts import FactKind, FactStatus
from domain.money import Money
from domain.providers.adyen import Adyen
from tests.conformance.sender import Request, dumped
from tests.conformance.senders.adyen import SENDER

KEY = b"44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
PLATFORM_BODY = b"""
        {
            "type": "merchant.created",
            "environment": "test",
            "createdAt": "01-01-2024",
            "data": {
                "capabilities": {
                    "sendToTransferInstrument": {
                        "requested": true,
                        "requestedLevel": "notApplicable"
                    }
                },
                "companyId": "YOUR_COMPANY_ID",
                "merchantId": "YOUR_MERCHANT_ACCOUNT",
                "status": "PreActive"
            }
        }
        """


def item(code: str = "AUTHORISATION", success: str = "true", **changes: Any) -> dict[str, Any]:
    return {
        "pspReference": "PSP1",
        "originalReference": "" if code == "AUTHORISATION" else "PSP0",
        "merchantAccountCode": "TestMerchant",
        "merchantReference": "ORD-1",
        "amount": {"value": 125_000, "currency": "EUR"},
        "eventCode": code,
        "success": success,
    } | changes


def body(*items: dict[str, Any]) -> bytes:
    return dumped({"notificationItems": [{"NotificationRequestItem": each} for each in items]})


def parsed(each: dict[str, Any]) -> ProviderEvent:
    """Parse what a signed item says."""
    request = SENDER.request(body(each))
    said = Adyen().parse(request.body, SENDER.verify(request).events[0].key)
    assert isinstance(said, ProviderEvent)
    return said


PUBLISHED = (
    (
        KEY,
        "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=",
        ("7914073381342284", "TestMerchant", "TestPayment-1407325143704", 1130),
    ),
    (
        b"74F490DD33F7327BAECC88B2947C011FC02D014A473AAA33A8EC93E4DC069174",
        "2EQYm7YJpKO4EtHSPu55SQTyWf8dkW5u2nD1tJFpViA=",
        ("M8NB66SBZSGLNK82", "AntoniStroinski", ":slashes are fun", 1000),
    ),
)


@pytest.mark.parametrize(("key", "code", "fields"), PUBLISHED)
def test_the_published_codes_are_verified(
    key: bytes, code: str, fields: tuple[str, str, str, int]
) -> None:
    psp, account, reference, value = fields
    sent = item(pspReference=psp, merchantAccountCode=account, merchantReference=reference)
    sent |= {"amount": {"value": value, "currency": "EUR"}}
    sent |= {"additionalData": {"hmacSignature": code}}

    verified = Adyen().verify(Delivery([], body(sent), 0), [Secret("first", key)])

    assert verified.events[0].key == f"13:AUTHORISATION16:{psp}4:true"


def test_a_webhook_of_a_platform_is_signed_as_a_whole_and_says_nothing() -> None:
    code = b"fX74xUdztFmaXAn3IusMFFUBUSkLmDQUK0tm8xL6ZTU="
    delivery = Delivery([(b"hmacsignature", code)], PLATFORM_BODY, 0)

    (event,) = Adyen().verify(delivery, [Secret("first", KEY)]).events

    assert event.readable
    assert Adyen().parse(PLATFORM_BODY, event.key) == ProviderEvent("merchant.created", None)
    with pytest.raises(SignatureMissing):
        Adyen().verify(Delivery([], PLATFORM_BODY, 0), [Secret("first", KEY)])


def test_every_item_is_verified() -> None:
    request = SENDER.request(body(item(), item("REFUND", pspReference="PSP2")))
    tree = json.loads(request.body)

    assert [event.key for event in SENDER.verify(request).events] == [
        "13:AUTHORISATION4:PSP14:true",
        "6:REFUND4:PSP24:true",
    ]
    tree["notificationItems"][1]["NotificationRequestItem"]["amount"]["value"] += 1
    with pytest.raises(SignatureInvalid):
        SENDER.verify(request.with_body(dumped(tree)))
    del tree["notificationItems"][1]["NotificationRequestItem"]["additionalData"]
    with pytest.raises(SignatureMissing):
        SENDER.verify(request.with_body(dumped(tree)))


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        (item(), (FactKind.SUCCEEDED, "PSP1", FactStatus.SUCCEEDED, None)),
        (item("CAPTURE"), (FactKind.SUCCEEDED, "PSP0", FactStatus.SUCCEEDED, None)),
        (item("REFUND"), (FactKind.REFUND, "PSP1", FactStatus.SUCCEEDED, "PSP0")),
        (item("REFUND", "false"), (FactKind.REFUND, "PSP1", FactStatus.FAILED, "PSP0")),
        (item("REFUND_FAILED"), (FactKind.REFUND, "PSP1", FactStatus.FAILED, "PSP0")),
        (item("REFUNDED_REVERSED"), (FactKind.REFUND, "PSP1", FactStatus.FAILED, "PSP0")),
        (
            item("NOTIFICATION_OF_CHARGEBACK"),
            (FactKind.DISPUTE, "PSP1", FactStatus.OPENED, "PSP0"),
        ),
        (item("CHARGEBACK"), (FactKind.DISPUTE, "PSP1", FactStatus.OPENED, "PSP0")),
        (item("CHARGEBACK_REVERSED"), (FactKind.DISPUTE, "PSP1", FactStatus.WON, "PSP0")),
        (item("PREARBITRATION_WON"), (FactKind.DISPUTE, "PSP1", FactStatus.WON, "PSP0")),
        (item("SECOND_CHARGEBACK"), (FactKind.DISPUTE, "PSP1", FactStatus.LOST, "PSP0")),
        (item("PREARBITRATION_LOST"), (FactKind.DISPUTE, "PSP1", FactStatus.LOST, "PSP0")),
    ],
    ids=lambda each: each["eventCode"] if isinstance(each, dict) else "",
)
def test_an_item_says_what_moved(each: dict[str, Any], expected: tuple[Any, ...]) -> None:
    said = parsed(each)

    kind, object_id, status, capture_id = expected
    assert [fact.key for fact in said.facts] == [
        (kind, object_id, status, Money("EUR", 125_000), capture_id)
    ]
    assert said.facts[0].at_s is None
    assert said.provider_reference == (each["originalReference"] or "PSP1")


def test_a_refused_authorisation_is_a_failure() -> None:
    assert [fact.kind for fact in parsed(item(success="false")).facts] == [FactKind.FAILED]


@pytest.mark.parametrize(
    ("code", "success"),
    [
        ("CAPTURE", "false"),
        ("CAPTURE_FAILED", "true"),
        ("CANCELLATION", "true"),
        ("CANCEL_OR_REFUND", "true"),
        ("EXPIRE", "true"),
    ],
)
def test_what_takes_an_authorisation_back_is_asked_about(code: str, success: str) -> None:
    with pytest.raises(RefetchRequired):
        parsed(item(code, success))


@pytest.mark.parametrize(
    "each",
    [
        item("REPORT_AVAILABLE"),
        item("REQUEST_FOR_INFORMATION"),
        item("CANCELLATION", "false"),
        item("PAYOUT_THIRDPARTY"),
        item("CHARGEBACK", "false"),
        item(amount={"value": 0, "currency": "EUR"}),
    ],
)
def test_what_moves_no_money_is_ignored(each: dict[str, Any]) -> None:
    assert parsed(each).facts == ()


def test_what_is_not_signed_reaches_no_fact() -> None:
    others = {"eventDate": "2030-01-01T00:00:00Z", "reason": "x", "paymentMethod": "visa"}

    assert parsed(item(**others)) == parsed(item())


def test_two_items_that_differ_in_what_is_not_signed_are_one_event() -> None:
    request = SENDER.request(body(item(reason="x"), item(reason="y")))

    (event,) = SENDER.verify(request).events
    said = Adyen().parse(request.body, event.key)

    assert said == parsed(item())


def test_a_reference_with_a_colon_is_verified_and_is_none_of_ours() -> None:
    assert parsed(item(merchantReference="ORD:1:2:EUR")).reference is None


@pytest.mark.parametrize(
    "shifted",
    [
        {"merchantAccountCode": "Test:Merchant"},
        {"eventCode": "AUTHORISATION:true"},
        {"amount": {"value": "1:2", "currency": "EUR"}},
        {"success": True},
        {"amount": {"value": True, "currency": "EUR"}},
        {"amount": {"value": 10**30, "currency": "EUR"}},
    ],
)
def test_fields_that_could_be_read_twice_are_refused(shifted: dict[str, Any]) -> None:
    with pytest.raises(SignatureInvalid):
        SENDER.verify(SENDER.request(body(item(**shifted))))


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [("ISK", 125_000, 1250), ("IDR", 1250, 125_000), ("CLP", 125_000, 1250), ("JPY", 5, 5)],
)
def test_amounts_have_the_decimals_of_adyens_own_table(
    currency: str, written: int, minor: int
) -> None:
    said = parsed(item(amount={"value": written, "currency": currency}))

    assert said.facts[0].amount == Money(currency, minor)


def test_an_amount_finer_than_its_currency_is_set_aside() -> None:
    with pytest.raises(PayloadInvalid):
        parsed(item(amount={"value": 125_001, "currency": "ISK"}))


def test_a_batch_with_an_item_that_cannot_be_named_is_kept_as_one() -> None:
    (event,) = SENDER.verify(SENDER.request(body(item(), item(pspReference="")))).events

    assert event == KeyedEvent(event.key, None, readable=False)


def test_the_key_is_hexadecimal() -> None:
    assert Adyen().is_secret(KEY.decode())
    assert not Adyen().is_secret("not-hexadecimal-but-long-enough-to-be-one")
    with pytest.raises(SignatureInvalid):
        SENDER.verify(Request([], SENDER.request().body), b"no hexadecimal digits")


def test_adyen_gets_the_answer_that_it_demands() -> None:
    assert Adyen.demanded is not None
    assert Adyen.demanded.body == b"[accepted]"
