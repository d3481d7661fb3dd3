"""Credentials: keys of the API that are none, are good no more, or may not do this."""

from __future__ import annotations

import base64
from typing import Any

from tests.hostile.ground import DISMISSED, EXPIRED, NOBODY, READER, REVOKED, SHOP
from tests.hostile.inputs import PAYMENTS, Input, api, asked, request

_GOOD = SHOP.encode()

_MISSING = {
    "nothing": b"",
    "a word": b"x",
    "the scheme alone": b"Bearer",
    "the scheme and a blank": b"Bearer ",
    "the scheme twice": b"Bearer Bearer " + _GOOD,
    "Basic": b"Basic " + base64.b64encode(b"shop:" + _GOOD),
    "Digest": b'Digest username="shop"',
    "Token": b"Token " + _GOOD,
    "no scheme": _GOOD,
    "a tab": b"Bearer\t" + _GOOD,
    "a colon": b"Bearer: " + _GOOD,
    "two keys": b"Bearer " + _GOOD + b" " + _GOOD,
    "letters beyond ASCII": b"Bearer \xff\xfe",
    "a blank inside": b"Bearer " + _GOOD[:20] + b" " + _GOOD[20:],
}
_INVALID = {
    "a word": b"x",
    "a key that is cut": _GOOD[:-1],
    "a key that is longer": _GOOD + b"a",
    "a key in capitals": _GOOD.upper(),
    "a key in quotes": b'"' + _GOOD + b'"',
    "another secret": _GOOD[:-1] + (b"a" if _GOOD[-1:] != b"a" else b"b"),
    "another prefix": _GOOD.replace(b"prk_", b"prk-"),
    "a prefix alone": _GOOD.rpartition(b"_")[0] + b"_",
    "an unknown prefix": NOBODY.encode(),
    "a key of another make": b"sk_test_0123456789abcdef",
    "a token of three parts": b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJzaG9wIn0.",
    "null": b"null",
    "undefined": b"undefined",
    "SQL": b"prk_'OR'1'='1",
    "a pattern": b"prk_.*_.*",
    "a wildcard": b"prk_%_%",
    "a step up": b"../../etc/passwd",
    "a NUL that is escaped": _GOOD + b"%00",
    "190 letters": b"a" * 190,
    "400 letters": b"a" * 400,
    "a revoked key": REVOKED.encode(),
    "an expired key": EXPIRED.encode(),
    "a key of a client who was dismissed": DISMISSED.encode(),
}
_WRITES: tuple[tuple[str, str, Any], ...] = (
    ("POST", PAYMENTS, asked()),
    ("POST", f"{PAYMENTS}/paid-1/refunds", {}),
    ("POST", f"{PAYMENTS}/paid-1/verify", {}),
    ("POST", f"{PAYMENTS}/paid-1/cancel", {}),
    ("POST", "/v1/sms-transactions", {"customer_id": "ada", "amount_minor": 1, "currency": "NGN"}),
    ("POST", "/v1/sms-transactions/x/reversal", {}),
    ("GET", "/v1/customers/ada/balance", None),
    ("GET", "/v1/customers/ada/transactions", None),
)
_ALL = (*_WRITES, ("GET", PAYMENTS, None), ("GET", f"{PAYMENTS}/paid-1", None))


def _with(value: bytes) -> bytes:
    return request("GET", PAYMENTS, ((b"Authorization", value),))


INPUTS = (
    *(
        Input(f"an Authorization of {what}", _with(given), "401", "key_missing")
        for what, given in _MISSING.items()
    ),
    *(
        Input(f"a key that is {what}", _with(b"Bearer " + given), "401", "key_invalid")
        for what, given in _INVALID.items()
    ),
    *(
        Input(f"{method} {path} without a key", request(method, path), "401", "key_missing")
        for method, path, _ in _ALL
    ),
    *(
        Input(f"{method} {path} with nobody's key", api(method, path, body, key=NOBODY), "401")
        for method, path, body in _ALL
    ),
    *(
        Input(
            f"{method} {path} by whoever may only read payments",
            api(method, path, body, key=READER),
            "403",
            "scope_missing",
            by=True,
        )
        for method, path, body in _WRITES
    ),
    Input("a key in the query", request("GET", f"{PAYMENTS}?access_token={SHOP}"), "401"),
    Input("a key in a cookie", request("GET", PAYMENTS, ((b"Cookie", b"key=" + _GOOD),)), "401"),
    Input(
        "a key in a header of another name",
        request("GET", PAYMENTS, ((b"X-Api-Key", _GOOD),)),
        "401",
    ),
    *(
        Input(
            f"another client's payment: {path}",
            api(method, path),
            "404",
            "payment_unknown",
            by=True,
        )
        for method, path in (
            ("GET", f"{PAYMENTS}/foreign-1"),
            ("GET", f"{PAYMENTS}/foreign-1/timeline"),
            ("POST", f"{PAYMENTS}/foreign-1/verify"),
            ("POST", f"{PAYMENTS}/foreign-1/cancel"),
            ("POST", f"{PAYMENTS}/foreign-1/refunds"),
        )
    ),
)
