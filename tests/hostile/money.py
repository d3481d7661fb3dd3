"""Money: sums that do not fit, and what is authentic and still not owed."""

from __future__ import annotations

from tests.hostile.ground import VICTIMS
from tests.hostile.inputs import (
    DEBIT,
    EVENT,
    PAYMENTS,
    REFUND,
    TWO_DEBITS,
    Input,
    api,
    charge,
    signed,
)


def _refund(amount_minor: int, reference: str = "paid-1") -> bytes:
    return api("POST", f"{PAYMENTS}/{reference}/refunds", {"amount_minor": amount_minor})


def _spend(**changes: object) -> bytes:
    body = {"customer_id": "ada", "amount_minor": 1, "currency": "NGN"} | changes
    return api("POST", "/v1/sms-transactions", body)


_AUTHENTIC = {
    "less than was asked for": charge(VICTIMS[30], 800, amount=1),
    "one less than was asked for": charge(VICTIMS[31], 801, amount=9_999),
    "one more than was asked for": charge(VICTIMS[32], 802, amount=10_001),
    "another currency": charge(VICTIMS[33], 803, currency="JPY"),
    "no currency": charge(VICTIMS[34], 804, currency=None),
    "a currency in small letters": charge(VICTIMS[35], 805, currency="ngn"),
    "a currency that is a list": charge(VICTIMS[36], 806, currency=["NGN"]),
    "a payment of another provider": charge("asked-1", 807),
    "a payment of another client": charge("foreign-1", 808),
    "a payment that nobody asked for": charge("never-asked", 809),
    "a state that is none": charge(VICTIMS[40], 810, status="successful"),
    "fees beyond the amount": charge(VICTIMS[41], 811, fees=10_001),
    "fees below zero": charge(VICTIMS[42], 812, fees=-1),
    "a refund of what was never paid": charge(VICTIMS[43], 813).replace(
        b"charge.success", b"refund.processed"
    ),
    "a dispute of what was never paid": charge(VICTIMS[44], 814).replace(
        b"charge.success", b"charge.dispute.create"
    ),
}

INPUTS = (
    Input(
        "a refund of more than was captured",
        _refund(10_001),
        "409",
        "refund_exceeds_capture",
        by=True,
    ),
    Input("a refund of what was not paid", _refund(1, "asked-1"), "409", by=True),
    Input(
        "a refund of another's payment", _refund(1, "foreign-1"), "404", "payment_unknown", by=True
    ),
    Input(
        "a refund of nobody's payment", _refund(1, "never-asked"), "404", "payment_unknown", by=True
    ),
    Input(
        "two refunds, each of more than half",
        _refund(6_000) + _refund(6_000),
        "202 409",
        "refund_exceeds_capture",
        by=True,
        adds=REFUND,
    ),
    Input(
        "more spent than there is",
        _spend(amount_minor=2**62 - 1),
        "402",
        "insufficient_credit",
        by=True,
    ),
    Input("spent in a currency there is none of", _spend(currency="USD"), "402", by=True),
    Input("spent of nobody's credit", _spend(customer_id="nobody"), "402|404", by=True),
    Input("spent in no currency", _spend(currency="XXX"), "422", by=True),
    Input(
        "a debit that is given back twice",
        _spend(reference="sms-1")
        + api("POST", "/v1/sms-transactions/sms-1/reversal")
        + api("POST", "/v1/sms-transactions/sms-1/reversal"),
        "201 201 409",
        "already_reversed",
        by=True,
        adds=TWO_DEBITS,
    ),
    Input(
        "a reversal that is given back",
        _spend(reference="sms-2") + api("POST", "/v1/sms-transactions/top-up/reversal"),
        "201 404",
        "payment_unknown",
        by=True,
        adds=DEBIT,
    ),
    Input("a cancel of what was paid", api("POST", f"{PAYMENTS}/paid-1/cancel"), "409", by=True),
    *(
        Input(f"an authentic delivery of {what}", signed(body), "200", by=True, adds=EVENT)
        for what, body in _AUTHENTIC.items()
    ),
)
