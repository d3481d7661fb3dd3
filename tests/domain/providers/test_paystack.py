"""Bodies in the shapes Paystack publishes, with values of our own."""

from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import KeyedEvent, Mode, ProviderEvent
from domain.errors import PayloadInvalid, RefetchRequired
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.sender import dumped
from tests.conformance.senders.paystack import SENDER as PAYSTACK


def charge(**changes: Any) -> dict[str, Any]:
    return {
        "id": 302961,
        "domain": "live",
        "status": "success",
        "reference": "ORD-1",
        "amount": 10000,
        "message": None,
        "gateway_response": "Approved by Financial Institution",
        "paid_at": "2016-09-30T21:10:19.000Z",
        "created_at": "2016-09-30T21:09:56.000Z",
        "channel": "card",
        "currency": "NGN",
        "ip_address": "192.0.2.1",
        "metadata": 0,
        "log": {"time_spent": 16, "history": [{"type": "input", "time": 15}]},
        "fees": None,
        "customer": {"id": 68324, "email": "a@example.com", "customer_code": "CUS_1"},
        "authorization": {"authorization_code": "AUTH_1", "last4": "1381"},
        "plan": {},
    } | changes


def refund(**changes: Any) -> dict[str, Any]:
    return {
        "status": "processed",
        "transaction_reference": "ORD-1",
        "refund_reference": "132013318360",
        "amount": "10000",
        "currency": "NGN",
        "processor": "mpgs_zen",
        "customer": {"first_name": "Ada", "email": "a@example.com"},
        "integration": 412829,
        "domain": "live",
    } | changes


def dispute(**changes: Any) -> dict[str, Any]:
    return {
        "id": 358950,
        "refund_amount": 5800,
        "currency": "NGN",
        "status": "awaiting-merchant-feedback",
        "resolution": None,
        "domain": "live",
        "transaction": {
            "id": 896467688,
            "domain": "live",
            "status": "success",
            "reference": "ORD-1",
            "amount": 10000,
            "currency": "NGN",
            "metadata": "",
            "fees": 53,
        },
        "transaction_reference": None,
        "category": "chargeback",
        "dueAt": "2020-11-25T18:00:00.000Z",
        "resolvedAt": None,
        "history": [{"status": "pending", "by": "a@example.com"}],
        "created_at": "2020-11-24T13:46:57.035Z",
    } | changes


def parsed(event: str, data: Any) -> ProviderEvent:
    return PAYSTACK.told(dumped({"event": event, "data": data}))


def keyed(event: Any, data: Any) -> KeyedEvent:
    body = dumped({"event": event, "data": data})
    return PAYSTACK.verify(PAYSTACK.request(body)).events[0]


def ngn(amount_minor: int) -> Money:
    return Money("NGN", amount_minor)


def test_a_charge_is_a_success_of_its_transaction() -> None:
    event = parsed("charge.success", charge())

    assert event == ProviderEvent(
        type="charge.success",
        reference="ORD-1",
        facts=(
            Fact(
                FactKind.SUCCEEDED,
                "302961",
                FactStatus.SUCCEEDED,
                ngn(10000),
                at_s=1475269819,
            ),
        ),
        mode=Mode.LIVE,
        provider_reference="302961",
    )


def test_a_known_fee_is_a_fact_of_its_own() -> None:
    success, fee = parsed("charge.success", charge(fees=150)).facts

    assert success.amount == ngn(10000)
    assert (fee.kind, fee.status, fee.object_id) == (FactKind.FEE, FactStatus.KNOWN, "302961")
    assert fee.amount == ngn(150)
    assert len(parsed("charge.success", charge(fees=0)).facts) == 1


@pytest.mark.parametrize("moment", [None, "", "yesterday", 7, "2016-13-01T00:00:00Z", "9" * 30])
def test_a_strange_time_is_left_out_and_decides_nothing(moment: object) -> None:
    (fact,) = parsed("charge.success", charge(paid_at=moment)).facts

    assert fact.at_s in (None, 7)
    assert fact.amount == ngn(10000)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "failed"},
        {"status": "reversed"},
        {"status": None},
        {"id": None},
        {"id": ""},
        {"id": True},
        {"id": 1.5},
        {"id": "x" * 201},
        {"amount": 0},
        {"amount": 2**62 + 1},
        {"amount": "10000"},
        {"currency": "ngn"},
        {"currency": "NGN "},
        {"currency": "XTS"},
        {"currency": "JPY"},
        {"currency": None},
        {"fees": -1},
        {"fees": 1.5},
        {"fees": "150"},
        {"domain": "staging"},
        {"reference": 7},
        {"reference": None},
    ],
    ids=str,
)
def test_a_charge_that_is_not_as_documented_is_no_fact(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadInvalid):
        parsed("charge.success", charge(**changes))


def test_what_differs_is_named_and_its_value_is_not() -> None:
    with pytest.raises(PayloadInvalid, match="amount: ") as refused:
        parsed("charge.success", charge(amount="4929-1234"))

    assert "4929" not in str(refused.value)


def test_a_reference_that_cannot_be_ours_is_none() -> None:
    assert parsed("charge.success", charge(reference="a b")).reference is None


def test_francs_are_sent_times_a_hundred() -> None:
    (fact,) = parsed("charge.success", charge(currency="XOF", amount=150000)).facts

    assert fact.amount == Money("XOF", 1500)
    with pytest.raises(PayloadInvalid, match="finer than XOF"):
        parsed("charge.success", charge(currency="XOF", amount=150001))


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("refund.pending", FactStatus.PENDING),
        ("refund.processing", FactStatus.PENDING),
        ("refund.processed", FactStatus.SUCCEEDED),
        ("refund.failed", FactStatus.FAILED),
    ],
)
@pytest.mark.parametrize("amount", ["5000", 5000])
def test_a_refund_is_named_by_its_own_reference(
    event: str, status: FactStatus, amount: str | int
) -> None:
    told = parsed(event, refund(amount=amount))

    assert told.facts == (Fact(FactKind.REFUND, "132013318360", status, ngn(5000)),)
    assert told.reference == "ORD-1"


@pytest.mark.parametrize("event", ["refund.pending", "refund.processing"])
def test_a_refund_that_waits_without_a_reference_says_nothing_yet(event: str) -> None:
    assert parsed(event, refund(refund_reference=None)).facts == ()


@pytest.mark.parametrize("event", ["refund.processed", "refund.failed"])
def test_a_refund_that_ended_without_a_reference_must_be_asked_for(event: str) -> None:
    with pytest.raises(RefetchRequired):
        parsed(event, refund(refund_reference=None))


@pytest.mark.parametrize(
    "amount",
    ["", "-1", "+1", "0", "01", "1.0", "1e3", " 1", "1_0", "٣", "9" * 20, 1.0, True, None],
)
def test_a_refund_is_of_decimal_digits(amount: object) -> None:
    with pytest.raises(PayloadInvalid):
        parsed("refund.processed", refund(amount=amount))


@pytest.mark.parametrize("event", ["charge.dispute.create", "charge.dispute.remind"])
def test_a_dispute_is_open_until_it_is_resolved(event: str) -> None:
    told = parsed(event, dispute())

    assert told.facts == (
        Fact(FactKind.DISPUTE, "358950", FactStatus.OPENED, ngn(5800), capture_id="896467688"),
    )
    assert (told.reference, told.provider_reference) == ("ORD-1", "896467688")


@pytest.mark.parametrize(
    ("resolution", "status"),
    [("merchant-accepted", FactStatus.LOST), ("declined", FactStatus.WON)],
)
def test_a_resolution_says_who_bears_the_loss(resolution: str, status: FactStatus) -> None:
    data = dispute(status="resolved", resolution=resolution)

    (fact,) = parsed("charge.dispute.resolve", data).facts

    assert fact.status is status


def test_a_resolution_we_do_not_know_is_for_a_person() -> None:
    for resolution in (None, "auto-accepted", "WON"):
        with pytest.raises(PayloadInvalid):
            parsed("charge.dispute.resolve", dispute(resolution=resolution))


def test_a_dispute_without_an_amount_is_of_the_whole_transaction() -> None:
    (fact,) = parsed("charge.dispute.create", dispute(refund_amount=None, currency=None)).facts

    assert fact.amount == ngn(10000)


@pytest.mark.parametrize(
    "event", ["transfer.success", "invoice.update", "refund.needs-attention", "x"]
)
def test_a_type_we_do_not_use_says_nothing(event: str) -> None:
    told = parsed(event, {"reference": "ORD-1", "domain": "test", "amount": "anything"})

    assert (told.type, told.facts, told.mode) == (event, (), Mode.TEST)


@pytest.mark.parametrize("tree", [{}, {"event": "x"}, {"data": {}}, {"event": 7, "data": {}},
                                  {"event": "x", "data": []}, {"event": "", "data": {}},
                                  {"event": "x" * 101, "data": {}}], ids=str)  # fmt: skip
def test_a_body_is_an_event_with_data(tree: dict[str, Any]) -> None:
    with pytest.raises(PayloadInvalid):
        PAYSTACK.told(dumped(tree))


def test_a_key_is_made_of_the_type_and_the_first_id() -> None:
    assert keyed("charge.success", charge()).key == "14:charge.success6:302961"
    assert keyed("refund.failed", refund()).key == "13:refund.failed12:132013318360"
    assert keyed("transfer.failed", {"transfer_code": "TRF_1"}).key == "15:transfer.failed5:TRF_1"
    assert keyed("transfer.failed", {"reference": "r"}).key == "15:transfer.failed1:r"
    assert keyed("charge.success", charge(id=7)).key != keyed("x", charge(id=7)).key


def test_an_event_without_an_id_is_named_by_its_body() -> None:
    waiting = keyed("refund.pending", refund(refund_reference=None))

    assert waiting.key.startswith("body:")
    assert (waiting.reference, waiting.readable) == ("ORD-1", True)


def test_an_event_without_a_type_is_unreadable() -> None:
    for event, data in ((None, {"id": 1}), (7, {"id": 1}), ("x", None), ("x", [1])):
        assert not keyed(event, data).readable


def test_whom_an_event_is_about_lies_where_its_type_has_it() -> None:
    assert keyed("charge.success", charge()).reference == "ORD-1"
    assert keyed("refund.processed", refund()).reference == "ORD-1"
    assert keyed("charge.dispute.create", dispute()).reference == "ORD-1"
    assert keyed("charge.dispute.create", dispute(transaction=None)).reference is None
