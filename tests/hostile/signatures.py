"""Signatures: nearly right is wrong, whoever signs and however it is written."""

from __future__ import annotations

import base64
import hashlib
import hmac

from tests.hostile.ground import (
    ADYEN_SECRET,
    LIVE_SECRET,
    OLD_SECRET,
    PATH_SECRET,
    RETIRED_SECRET,
    SECRET,
    STRIPE_SECRET,
)
from tests.hostile.inputs import (
    EVENT,
    Input,
    by_adyen,
    by_mpesa,
    charge,
    code,
    post,
    signed,
)

_BODY = charge("signatures", 1)
_CODE = code(_BODY)


def _flipped(text: bytes, at: int) -> bytes:
    return text[:at] + (b"1" if text[at : at + 1] == b"0" else b"0") + text[at + 1 :]


_PAYSTACK = {
    "nothing": b"",
    "blanks": b"   ",
    "a zero": b"0",
    "zeros": b"0" * 128,
    "its first letter changed": _flipped(_CODE, 0),
    "its last letter changed": _flipped(_CODE, 127),
    "a letter in the middle changed": _flipped(_CODE, 64),
    "capitals": _CODE.upper(),
    "one capital": _CODE[:-8] + _CODE[-8:].upper().replace(b"0", b"O"),
    "one letter less": _CODE[:-1],
    "one letter more": _CODE + b"0",
    "half of it": _CODE[:64],
    "a byte of it": _CODE[:2],
    "itself twice": _CODE + _CODE,
    "itself twice, parted by a comma": _CODE + b"," + _CODE,
    "a blank inside": _CODE[:8] + b" " + _CODE[8:],
    "0x before it": b"0x" + _CODE,
    "a name before it": b"sha512=" + _CODE,
    "quotes around it": b'"' + _CODE + b'"',
    "base64": base64.b64encode(bytes.fromhex(_CODE.decode())),
    "SHA-256": hmac.new(SECRET.encode(), _BODY, "sha256").hexdigest().encode(),
    "SHA-1": hmac.new(SECRET.encode(), _BODY, "sha1").hexdigest().encode(),
    "a hash without a key": hashlib.sha512(_BODY).hexdigest().encode(),
    "a hash of key and body": hashlib.sha512(SECRET.encode() + _BODY).hexdigest().encode(),
    "the empty key's": code(_BODY, ""),
    "the key 'null'": code(_BODY, "null"),
    "another body's": code(charge("signatures", 2)),
    "the empty body's": code(b""),
    "the key of the other world": code(_BODY, LIVE_SECRET),
    "a retired key": code(_BODY, RETIRED_SECRET),
    "another provider's key": code(_BODY, STRIPE_SECRET),
    "the word none": b"none",
    "the word null": b"null",
    "a pattern": b".*",
    "letters beyond ASCII": "é".encode() * 64,
    "0xFF": b"\xff" * 128,
    "digits of another script": "१".encode() * 42,
    "SQL": b"' OR '1'='1",
    "JSON": b'{"$ne":null}',
    "4,096 bytes": b"a" * 4_096,
    "4,097 bytes": b"a" * 4_097,
}

_BODIES = {
    "a blank behind it": _BODY + b" ",
    "a line's end behind it": _BODY + b"\n",
    "a NUL behind it": _BODY + b"\x00",
    "a blank before it": b" " + _BODY,
    "a byte order mark": b"\xef\xbb\xbf" + _BODY,
    "less blanks": _BODY.replace(b", ", b","),
    "an amount of one more": _BODY.replace(b"10000", b"10001"),
    "a letter in another case": _BODY.replace(b"NGN", b"nGN"),
    "one byte less": _BODY[:-1],
    "nothing": b"",
}

INPUTS = (
    Input("no signature", post(_BODY), "401", "signature_missing"),
    *(
        Input(
            f"Paystack's signature: {what}",
            post(_BODY, (b"X-Paystack-Signature", given)),
            "401",
            "signature_invalid",
        )
        for what, given in _PAYSTACK.items()
    ),
    *(
        Input(
            f"a good signature of a body with {what}",
            post(body, (b"X-Paystack-Signature", _CODE)),
            "401",
            "signature_invalid",
        )
        for what, body in _BODIES.items()
    ),
    Input(
        "a code in Adyen's body that is another's",
        by_adyen(by_adyen().partition(b"\r\n\r\n")[2].replace(b"hmacSignature", b"hmacSignaturf")),
        "401",
    ),
    Input("a delivery of Adyen that is none", by_adyen(b"{}"), "401|400"),
    Input("a delivery of Adyen that is no JSON", by_adyen(b"\xff"), "401|400"),
    Input("a delivery of Adyen nested too deep", by_adyen(b"[" * 100_000), "401|400"),
    Input(
        "a delivery of Adyen with a key twice",
        by_adyen(
            by_adyen().partition(b"\r\n\r\n")[2].replace(b'"live"', b'"live":"true","live"', 1)
        ),
        "200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "a key that was in use before and still is",
        signed(charge("rotation", 901), secret=OLD_SECRET),
        "200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "a delivery of the other world's account",
        signed(charge("rotation", 902), path="/webhooks/paystack/live"),
        "401",
        "signature_invalid",
    ),
    Input(
        "an unsigned source is heard by its path",
        by_mpesa(f"/webhooks/mpesa-daraja/{PATH_SECRET}"),
        "200",
        by=True,
        adds=EVENT,
    ),
    Input("Adyen's key in the place of its code", by_adyen(ADYEN_SECRET.encode()), "401|400"),
)
