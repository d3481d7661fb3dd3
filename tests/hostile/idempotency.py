"""Idempotency: keys that are none, and keys that mean something else the second time."""

from __future__ import annotations

from uuid import UUID

from tests.hostile.ground import NOBODY, OTHER, READER, SHOP
from tests.hostile.inputs import PAYMENT, PAYMENTS, TWO_PAYMENTS, Input, api, asked

_GOOD = b"8e03978e-40d5-43dd-bc93-6894a57f9324"


def _key(number: int) -> tuple[bytes, bytes]:
    return (b"Idempotency-Key", str(UUID(int=number)).encode())


def _ask(number: int, key: str = SHOP, **changes: object) -> bytes:
    body = asked(reference=f"key-{number}") | changes
    return api("POST", PAYMENTS, body, _key(number), key=key)


_NO_KEYS = {
    "nothing": b"",
    "blanks": b"  ",
    "a word": b"again",
    "a number": b"1",
    "a UUID that is cut": _GOOD[:-1],
    "a UUID that is longer": _GOOD + b"0",
    "a UUID without dashes": _GOOD.replace(b"-", b""),
    "a UUID in braces": b"{" + _GOOD + b"}",
    "a URN": b"urn:uuid:" + _GOOD,
    "two UUIDs": _GOOD + b", " + _GOOD,
    "a quote at its start": b'"' + _GOOD,
    "a quote at its end": _GOOD + b'"',
    "single quotes": b"'" + _GOOD + b"'",
    "two pairs of quotes": b'""' + _GOOD + b'""',
    "a parameter": b'"' + _GOOD + b'";a=1',
    "a letter that is no digit": _GOOD[:-1] + b"g",
    "full width digits": "\uff18".encode() + _GOOD[1:],
    "letters beyond ASCII": b"\xff" * 36,
    "dashes elsewhere": b"8e03978e4-0d5-43dd-bc93-6894a57f9324",
    "an escape": b"%38" + _GOOD[1:],
    "SQL": b"'; DROP TABLE idempotency_keys; --",
    "256 letters": b"a" * 256,
    "a list": b'("' + _GOOD + b'")',
    "a newline that is escaped": _GOOD + b"\\n",
}

INPUTS = (
    *(
        Input(
            f"a key that is {what}",
            api("POST", PAYMENTS, asked(), (b"Idempotency-Key", given)),
            "400",
            "idempotency_key_invalid",
            by=True,
        )
        for what, given in _NO_KEYS.items()
    ),
    *(
        Input(
            what,
            api("POST", PAYMENTS, asked(), *((b"Idempotency-Key", each) for each in given)),
            "400",
            "idempotency_key_invalid",
            by=True,
        )
        for what, given in {
            "two keys": (_GOOD, _GOOD[:-1] + b"5"),
            "one key twice": (_GOOD, _GOOD),
            "a key and nothing": (_GOOD, b""),
        }.items()
    ),
    Input(
        "a key that is none, of whoever may not ask",
        api("POST", PAYMENTS, asked(), (b"Idempotency-Key", b"x"), key=NOBODY),
        "401",
        "key_invalid",
    ),
    Input(
        "a key that is none, of whoever may only read",
        api("POST", PAYMENTS, asked(), (b"Idempotency-Key", b"x"), key=READER),
        "403",
        "scope_missing",
        by=True,
    ),
    *(
        Input(f"the same key with {what}", _ask(number) + again, wants, last, by=True, adds=PAYMENT)
        for number, (what, again, wants, last) in {
            2_001: ("the same request", _ask(2_001), "202 202", ""),
            2_002: (
                "another amount",
                _ask(2_002, amount_minor=1),
                "202 422",
                "idempotency_key_reused",
            ),
            2_003: (
                "another customer",
                _ask(2_003, customer_id="x"),
                "202 422",
                "idempotency_key_reused",
            ),
            2_004: ("a field more", _ask(2_004, metadata={}), "202 422", "idempotency_key_reused"),
            2_005: (
                "the request in quotes",
                _ask(2_005).replace(_key(2_005)[1], b'"' + _key(2_005)[1] + b'"'),
                "202 202",
                "",
            ),
            2_006: (
                "the key in capitals",
                _ask(2_006).replace(_key(2_006)[1], _key(2_006)[1].upper()),
                "202 202",
                "",
            ),
            2_007: (
                "a request that cannot be read",
                api("POST", PAYMENTS, b"{", _key(2_007)),
                "202 400",
                "request_malformed",
            ),
            2_008: (
                "a query",
                _ask(2_008).replace(b"/v1/payments ", b"/v1/payments?a=1 "),
                "202 422",
                "validation_failed",
            ),
            2_009: (
                "the body of another form",
                _ask(2_009, amount_minor=5000.0),
                "202 422",
                "validation_failed",
            ),
        }.items()
    ),
    Input(
        "another client's key is another key, and its reference is not told",
        _ask(2_020) + _ask(2_020, key=OTHER),
        "202 409",
        "reference_in_use",
        by=True,
        adds=PAYMENT,
    ),
    Input(
        "another client's key for a payment of its own",
        _ask(2_021) + _ask(2_021, key=OTHER, reference="key-2021-of-other"),
        "202 202",
        by=True,
        adds=TWO_PAYMENTS,
    ),
    Input(
        "a key of one path at another",
        _ask(2_022) + api("POST", f"{PAYMENTS}/never-asked/cancel", {}, _key(2_022)),
        "202 404",
        "payment_unknown",
        by=True,
        adds=PAYMENT,
    ),
    Input(
        "what was refused for its form is not kept under its key",
        api("POST", PAYMENTS, asked(amount_minor=0), _key(2_023)) + _ask(2_023),
        "422 202",
        by=True,
        adds=PAYMENT,
    ),
    Input(
        "without a key, the same request twice is one payment",
        api("POST", PAYMENTS, asked(reference="twice")) * 2,
        "202 200",
        by=True,
        adds=PAYMENT,
    ),
    Input(
        "without a key, a reference with another amount",
        api("POST", PAYMENTS, asked(reference="once"))
        + api("POST", PAYMENTS, asked(reference="once", amount_minor=1)),
        "202 409",
        "reference_in_use",
        by=True,
        adds=PAYMENT,
    ),
    Input(
        "a reference of another client",
        api("POST", PAYMENTS, asked(reference="foreign-1")),
        "409",
        "reference_in_use",
        by=True,
    ),
)
