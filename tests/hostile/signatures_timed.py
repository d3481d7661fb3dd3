"""Signatures with a time, or a name, of their own: nearly right is wrong here too."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.conformance.senders import standard_webhooks, stripe
from tests.hostile.ground import STANDARD_SECRET, STRIPE_SECRET
from tests.hostile.inputs import Input, by_standard, by_stripe, charge, post, stripe_event

if TYPE_CHECKING:
    from collections.abc import Callable

_BODY = charge("signatures", 1)
_EVENT = stripe_event(1)
_TOLERANCE_S = 300
_ID = b"msg_1"

_STRIPE: dict[str, Callable[[bytes, bytes], bytes]] = {
    "nothing": lambda _at, _code: b"",
    "no time": lambda _at, code: b"v1=" + code,
    "no code": lambda at, _code: b"t=" + at,
    "an empty code": lambda at, _code: b"t=" + at + b",v1=",
    "an empty time": lambda _at, code: b"t=,v1=" + code,
    "two times": lambda at, code: b"t=" + at + b",t=" + at + b",v1=" + code,
    "a time of another second": lambda at, code: b"t=%d,v1=%b" % (int(at) - 1, code),
    "a time with a fraction": lambda at, code: b"t=" + at + b".0,v1=" + code,
    "a time with a sign": lambda at, code: b"t=+" + at + b",v1=" + code,
    "a time with an underscore": lambda at, code: b"t=" + at[:1] + b"_" + at[1:] + b",v1=" + code,
    "a time of eleven digits": lambda at, code: b"t=0" + at + b",v1=" + code,
    "a time in another script": lambda _at, code: "t=१७३५६८९६००".encode() + b",v1=" + code,
    "a time that is NaN": lambda _at, code: b"t=nan,v1=" + code,
    "a time of 4,000 digits": lambda _at, code: b"t=" + b"9" * 3_900 + b",v1=" + code,
    "another version": lambda at, code: b"t=" + at + b",v0=" + code,
    "a version in capitals": lambda at, code: b"t=" + at + b",V1=" + code,
    "an algorithm": lambda at, code: b"t=" + at + b",alg=none,v2=" + code,
    "semicolons": lambda at, code: b"t=" + at + b";v1=" + code,
    "a blank": lambda at, code: b"t=" + at + b", v1= " + code,
    "seventeen codes": lambda at, code: b"t=" + at + b",v1=00" * 16 + b",v1=" + code,
    "a thousand commas": lambda _at, _code: b"," * 1_000,
    "a thousand equals": lambda _at, _code: b"=" * 1_000,
    "letters beyond ASCII": lambda at, _code: b"t=" + at + b",v1=" + b"\xff" * 64,
    "capitals": lambda at, code: b"t=" + at + b",v1=" + code.upper(),
}

_STANDARD: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no version": lambda code: code,
    "a version and nothing": lambda _: b"v1,",
    "two commas": lambda code: b"v1,," + code,
    "two blanks": lambda code: b"v1,bad  v1," + code + b" ",
    "another version": lambda code: b"v2," + code,
    "an asymmetric version": lambda code: b"v1a," + code,
    "no padding": lambda code: b"v1," + code.rstrip(b"="),
    "bad padding": lambda code: b"v1," + code + b"=",
    "text behind the padding": lambda code: b"v1," + code + b"junk",
    "junk inside": lambda code: b"v1," + code[:5] + b"!" + code[5:],
    "stray bits": lambda code: b"v1," + code[:-2] + (b"B=" if code[-2:] != b"B=" else b"C="),
    "the alphabet of URLs": lambda code: b"v1," + b"-_" + code[2:],
    "hexadecimal": lambda code: b"v1," + base64.b64decode(code).hex().encode(),
    "letters beyond ASCII": lambda _: "v1,é".encode(),
    "seventeen codes": lambda code: b"v1,bad " * 16 + b"v1," + code,
    "1,300 codes": lambda _: b"v1 " * 1_300,
}


def _stripe(change: Callable[[bytes, bytes], bytes]) -> Callable[[int], bytes]:
    def sent(now_s: int) -> bytes:
        at = b"%d" % now_s
        return by_stripe(_EVENT, at, change(at, stripe.code(STRIPE_SECRET.encode(), at, _EVENT)))

    return sent


def _standard(change: Callable[[bytes], bytes]) -> Callable[[int], bytes]:
    def sent(now_s: int) -> bytes:
        at = b"%d" % now_s
        right = standard_webhooks.code(STANDARD_SECRET.encode(), _ID, at, _BODY)
        return by_standard(_BODY, at, _ID, change(right))

    return sent


def _aged(age_s: int) -> Callable[[int], bytes]:
    return lambda now_s: by_stripe(stripe_event(2), b"%d" % (now_s - age_s))


def _moved(
    message_id: bytes, signed_id: bytes, shift: Callable[[int], bytes]
) -> Callable[[int], bytes]:
    """Show a signature of an id and a time that read alike when they are put together."""

    def sent(now_s: int) -> bytes:
        right = standard_webhooks.code(STANDARD_SECRET.encode(), signed_id, b"%d" % now_s, _BODY)
        return by_standard(_BODY, shift(now_s), message_id, b"v1," + right)

    return sent


INPUTS = (
    *(
        Input(f"Stripe's signature with {what}", _stripe(change), "401|400")
        for what, change in _STRIPE.items()
    ),
    *(
        Input(f"a standard signature with {what}", _standard(change), "401|400")
        for what, change in _STANDARD.items()
    ),
    Input(
        "an id that takes over a part of the time",
        _moved(_ID + b".1", _ID, lambda s: b"%d" % s),
        "401",
    ),
    Input(
        "a time that takes over a part of the id",
        _moved(b"msg", _ID, lambda s: b"_1.%d" % s),
        "401",
    ),
    *(
        Input(
            f"a standard delivery of {name.decode()} {value[:10]!r}",
            post(
                _BODY,
                *(
                    (each, value if each == name else b"1735689600" if b"time" in each else b"v1,a")
                    for each in (b"webhook-id", b"webhook-timestamp", b"webhook-signature")
                ),
                path="/webhooks/standard-webhooks",
            ),
            "401|400",
        )
        for name, values in {
            b"webhook-id": (b"", b"a.b", b"a b", b"\xff", b"a" * 4_097),
            b"webhook-timestamp": (b"", b"0", b"-1", b"1e9", b"nan", b" 1735689600x", b"9" * 400),
        }.items()
        for value in values
    ),
    *(
        Input(
            f"a good signature of {abs(age_s)} s {'ago' if age_s > 0 else 'ahead'}",
            _aged(age_s),
            "401",
            "signature_expired",
        )
        for age_s in (_TOLERANCE_S + 5, -_TOLERANCE_S - 30, 3_600, 86_400 * 3, -86_400, 500_000_000)
    ),
)
