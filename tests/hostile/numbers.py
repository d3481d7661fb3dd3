"""Numbers: what looks like an amount and is none, wherever an amount is read."""

from __future__ import annotations

import json

from tests.hostile.ground import VICTIMS
from tests.hostile.inputs import (
    EVENT,
    PAYMENT,
    PAYMENTS,
    Input,
    api,
    asked,
    charge,
    signed,
)

MARK = 987_654_321
"""Stands where the number under test comes to stand."""

_DEBIT = {"customer_id": "ada", "amount_minor": MARK, "currency": "NGN"}
_PLACES = {
    "asked for": (PAYMENTS, json.dumps(asked(amount_minor=MARK))),
    "refunded": ("/v1/payments/paid-1/refunds", json.dumps({"amount_minor": MARK})),
    "spent": ("/v1/sms-transactions", json.dumps(_DEBIT)),
}

_NO_JSON = {
    "NaN": "NaN",
    "Infinity": "Infinity",
    "minus Infinity": "-Infinity",
    "nan": "nan",
    "a plus": "+1",
    "a zero before it": "007",
    "an underscore": "1_000",
    "hexadecimal": "0x10",
    "octal": "0o17",
    "a point and no digit": "1.",
    "a point and no number": ".5",
    "an exponent without digits": "1e",
    "minus and no number": "-",
    "a comma for the thousands": "1,000",
    "digits of another script": "१०",
    "full width digits": "\uff11\uff10",
    "21 digits": "9" * 21,
    "5,000 digits": "9" * 5_000,
    "60,000 digits": "9" * 60_000,
    "a negative zero": "-0",
    "an exponent of twenty digits": "1e99999999999999999999",
    "a fraction of 50 digits": "0." + "3" * 50,
    "a quotation that does not end": '"1',
}
_NO_AMOUNT = {
    "zero": "0",
    "minus one": "-1",
    "a fraction": "50.5",
    "a whole number with a fraction": "1.0",
    "an exponent": "1e2",
    "an exponent of 309": "1e309",
    "an exponent of minus 400": "1e-400",
    "a text": '"5000"',
    "a text that is empty": '""',
    "true": "true",
    "false": "false",
    "an object": "{}",
    "a list": "[5000]",
    "two to the 62": str(2**62),
    "two to the 63": str(2**63),
    "two to the 64": str(2**64),
    "minus two to the 63": str(-(2**63)),
    "twenty nines": "9" * 20,
    "a negative zero with a fraction": "-0.0",
}

_TOLD = {
    "a fraction": "100.5",
    "a whole number with a fraction": "10000.0",
    "an exponent": "1e4",
    "zero": "0",
    "less than zero": "-10000",
    "a negative zero": "-0",
    "a text": '"10000"',
    "a text with a plus": '"+10000"',
    "true": "true",
    "null": "null",
    "a list": "[10000]",
    "an object": '{"value":10000}',
    "NaN": "NaN",
    "Infinity": "Infinity",
    "an exponent of 309": "1e309",
    "an exponent of 200,000": "1e200000",
    "two to the 53 and one": str(2**53 + 1),
    "two to the 63": str(2**63),
    "two to the 64": str(2**64),
    "4,301 digits": "9" * 4_301,
    "100,000 digits": "9" * 100_000,
    "an underscore": "10_000",
    "digits of another script": "१००००",
    "nothing": "",
}


def _at(place: str, number: str) -> bytes:
    path, text = _PLACES[place]
    return api("POST", path, text.replace(str(MARK), number).encode())


def _told(number: int, text: str) -> bytes:
    """Return a success of a payment that waits for 10,000, with this in the amount's place."""
    body = charge(VICTIMS[number], 700 + number, amount=MARK)
    return body.replace(b"%d" % MARK, text.encode())


INPUTS = (
    *(
        Input(f"{place}: {what}", _at(place, number), "400", "request_malformed", by=True)
        for place in _PLACES
        for what, number in _NO_JSON.items()
    ),
    *(
        Input(f"{place}: {what}", _at(place, number), "422", "validation_failed", by=True)
        for place in _PLACES
        for what, number in _NO_AMOUNT.items()
    ),
    Input("asked for: null", _at("asked for", "null"), "422", "validation_failed", by=True),
    Input("spent: null", _at("spent", "null"), "422", "validation_failed", by=True),
    *(
        Input(
            f"told by a provider: {what}",
            signed(_told(number, text)),
            "200",
            by=True,
            adds=EVENT,
        )
        for number, (what, text) in enumerate(_TOLD.items())
    ),
    *(
        Input(
            f"in metadata: {what}",
            api(
                "POST",
                PAYMENTS,
                json.dumps(asked(metadata={"a": MARK})).replace(str(MARK), number).encode(),
            ),
            "422",
            "validation_failed",
            by=True,
        )
        for what, number in {
            "more digits than a double has": "9007199254740993.0",
            "a negative zero": "-0.0",
            "an exponent that is too large": "1e20",
            "an exponent that is far too large": "1e999",
            "an exponent that is too small": "1e-400",
        }.items()
    ),
    Input(
        "the largest amount that there is",
        api("POST", PAYMENTS, asked(amount_minor=2**62 - 1, reference="largest")),
        "202",
        by=True,
        adds=PAYMENT,
    ),
)
