"""Sizes: what is longer, larger or more than anything of ours is counted, and refused uncut."""

from __future__ import annotations

from tests.hostile.ground import BODY_BYTES_MAX, SHOP
from tests.hostile.inputs import (
    EVENT,
    PAYMENTS,
    PAYSTACK,
    Input,
    api,
    asked,
    charge,
    code,
    post,
    request,
    signed,
)

_API_BYTES_MAX = 65_536


def _chunks(body: bytes, size: int) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in parts) + b"0\r\n\r\n"


def _chunked(body: bytes, size: int) -> bytes:
    head = post(b"", (b"X-Paystack-Signature", code(body)), (b"Transfer-Encoding", b"chunked"))
    return head + _chunks(body, size)


def _padded(number: int, size: int) -> bytes:
    body = charge("sizes", number)
    return body[:-1] + b" " * (size - len(body)) + body[-1:]


_EXACT, _EXACT_CHUNKED = _padded(1, BODY_BYTES_MAX), _padded(2, BODY_BYTES_MAX)
_OVER = _padded(3, BODY_BYTES_MAX + 1)

INPUTS = (
    *(
        Input(what, sent, "200", by=True, adds=EVENT)
        for what, sent in {
            "a body of exactly the limit": signed(_EXACT),
            "a body of exactly the limit, in chunks": _chunked(_EXACT_CHUNKED, 10_000),
            "a body of nothing": signed(b""),
            "a body of one byte": signed(b"x"),
        }.items()
    ),
    *(
        Input(what, sent, "413", "body_too_large")
        for what, sent in {
            "a byte more than the limit": signed(_OVER),
            "a byte more than the limit, in chunks": _chunked(_OVER, 10_000),
            "five megabytes": signed(b"a" * 5_000_000),
            "five megabytes, in one chunk": _chunked(b"a" * 5_000_000, 5_000_000),
            "a megabyte, in chunks of 100 bytes": _chunked(b"a" * 1_000_000, 100),
            "a gigabyte that is only announced": post(b"", (b"Content-Length", b"%d" % 2**30)),
            "two to the 62 bytes that are announced": post(b"", (b"Content-Length", b"%d" % 2**62)),
            "too much that asks first": post(
                b"", (b"Expect", b"100-continue"), (b"Content-Length", b"9999999")
            ),
            "too much for an unsigned delivery": post(b"a" * 300_000),
        }.items()
    ),
    Input(
        "a request of the API of a byte more than its limit",
        api("POST", PAYMENTS, b" " * (_API_BYTES_MAX + 1)),
        "413",
        "body_too_large",
        by=True,
    ),
    Input(
        "a body of the API in chunks, a byte more than its limit",
        api("POST", PAYMENTS, None, (b"Transfer-Encoding", b"chunked"))
        + _chunks(b" " * (_API_BYTES_MAX + 1), 1_000),
        "413",
        "body_too_large",
        by=True,
    ),
    Input(
        "a body of the API of its limit, of blanks",
        api("POST", PAYMENTS, b" " * _API_BYTES_MAX),
        "400",
        "request_malformed",
        by=True,
    ),
    Input(
        "a large body to whoever has no key",
        request("POST", PAYMENTS, (), b"a" * _API_BYTES_MAX * 4),
        "401",
        "key_missing",
    ),
    *(
        Input(what, sent, wants)
        for what, sent, wants in (
            ("a header of 16 kB", post(b"", (b"X-Long", b"a" * 16_384)), "431"),
            ("a header of 64 kB", post(b"", (b"X-Long", b"a" * 65_536)), "431"),
            ("a header of a megabyte", post(b"", (b"X-Long", b"a" * 1_000_000)), "431"),
            ("a header's name of 20 kB", post(b"", (b"X" * 20_000, b"a")), "431"),
            ("a header's name of a megabyte", post(b"", (b"X" * 1_000_000, b"a")), "431"),
            (
                "a hundred and one headers",
                post(b"", *[(b"X-%d" % n, b"1") for n in range(101)]),
                "431",
            ),
            ("twenty thousand headers", post(b"", *[(b"A", b"b")] * 20_000), "431"),
            ("five thousand cookies", post(b"", *[(b"Cookie", b"a=b")] * 5_000), "431"),
            ("a key of the API of 20 kB", api("GET", PAYMENTS, key="prk_" + "a" * 20_000), "431"),
            ("a path of 2,049 bytes", request("GET", "/" + "p" * 2_048), "414"),
            ("a path of 60 kB", request("GET", "/" + "p" * 60_000), "414"),
            ("a path of a megabyte", request("GET", "/" + "p" * 1_000_000), "414"),
            ("a query of 3 kB", request("GET", "/livez?" + "q" * 3_000), "414"),
            ("a query of a megabyte", request("GET", "/livez?" + "q" * 1_000_000), "414"),
            ("a method of a megabyte", request("M" * 1_000_000, PAYSTACK), "400|431"),
            ("a signature of 5 kB", post(b"x", (b"X-Paystack-Signature", b"0" * 5_000)), "401"),
            ("a signature of 17 kB", post(b"x", (b"X-Paystack-Signature", b"0" * 17_000)), "431"),
        )
    ),
    *(
        Input(f"a request of the API with {what}", api("POST", PAYMENTS, body), wants, by=True)
        for what, body, wants in (
            ("5,000 keys", {f"k{n}": 0 for n in range(5_000)}, "422"),
            ("a text of 60,000 letters", asked(customer_id="c" * 60_000), "422"),
            ("an e-mail of 60,000 letters", asked(email="e" * 60_000 + "@x"), "422"),
            ("metadata of 9 kB", asked(metadata={"a": "x" * 9_000}), "422"),
            ("metadata of 20,000 numbers", asked(metadata={"a": [0] * 20_000}), "422"),
            ("a callback of 3 kB", asked(callback_url="https://x/" + "a" * 3_000), "422"),
            ("a reference of 101 letters", asked(reference="r" * 101), "422"),
        )
    ),
    Input(
        "an Idempotency-Key of 10 kB",
        api("POST", PAYMENTS, asked(), (b"Idempotency-Key", b"a" * 10_000), key=SHOP),
        "400",
        "idempotency_key_invalid",
        by=True,
    ),
)
