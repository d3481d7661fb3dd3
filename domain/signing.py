"""Signatures: comparing what was sent with what our secrets would have signed.

Every comparison is of the canonical text of the code, as bytes and in constant time: of upper-case
hex, blanks, missing padding or stray bits in base64, none equals the one text we make, so none
is accepted. What a sender without the secret can make us do is bounded here.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from domain.errors import SignatureExpired, SignatureInvalid, SignatureMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.delivery import Delivery, Secret

TOLERANCE_S = 300
"""Seconds that a signed timestamp may lie in the past or in the future, both edges included."""

HEADER_BYTES_MAX = 4096
"""Bytes of a header that takes part in a signature; every provider's fits many times over."""

CANDIDATES_MAX = 16
"""Signatures in one header. A rotation makes two; each costs us a comparison a secret."""

KEY_ID_BYTES = 6
"""Bytes of the name of a secret: enough to tell a few apart, useless to find one."""

_UNIX_SECONDS = re.compile(rb"[0-9]{10}")


def key_id(secret: str) -> str:
    """Return the name by which a secret is spoken of. It cannot be turned back."""
    digest = hashlib.blake2b(secret.encode(), digest_size=KEY_ID_BYTES, person=b"payratchet")
    return digest.hexdigest()


def hex_code(key: bytes, content: bytes, algorithm: str) -> bytes:
    """Return the HMAC as lower-case hexadecimal digits."""
    return binascii.hexlify(hmac.digest(key, content, algorithm))


def base64_code(key: bytes, content: bytes, algorithm: str) -> bytes:
    """Return the HMAC as base64 with padding."""
    return binascii.b2a_base64(hmac.digest(key, content, algorithm), newline=False)


def required_header(delivery: Delivery, name: bytes) -> bytes:
    """Return a header that the provider always sends.

    Raises SignatureMissing when it is not there, SignatureInvalid when it is longer than
    `HEADER_BYTES_MAX`, and RequestMalformed when it is there twice.
    """
    value = delivery.sole_header(name)
    if value is None:
        msg = f"the header {name.decode()} is missing"
        raise SignatureMissing(msg)
    if len(value) > HEADER_BYTES_MAX:
        msg = f"the header {name.decode()} has {len(value)} bytes"
        raise SignatureInvalid(msg)
    return value


def matching_key_id(
    secrets: Sequence[Secret],
    candidates: Sequence[bytes],
    code_of: Callable[[bytes], bytes],
) -> str:
    """Return the name of the first secret whose code is one of the candidates.

    `code_of` makes the code that a secret would have signed with; it is asked once a secret.

    Every candidate is compared with every secret, found or not, so that the time taken tells
    nothing about which secret a signature belongs to. A secret that is empty proves nothing.

    Raises SignatureInvalid when nothing matches or there are more than `CANDIDATES_MAX`.
    """
    if len(candidates) > CANDIDATES_MAX:
        msg = f"{len(candidates)} signatures in one header"
        raise SignatureInvalid(msg)
    codes = [(secret.key_id, code_of(secret.value)) for secret in secrets if secret.value]
    found = [
        key_id
        for key_id, code in codes
        for candidate in candidates
        if hmac.compare_digest(candidate, code)
    ]
    if not found:
        msg = f"{len(candidates)} signatures match none of {len(secrets)} secrets"
        raise SignatureInvalid(msg)
    return found[0]


def unix_seconds(text: bytes) -> int:
    """Read a timestamp: ten decimal digits and nothing else (the years 2001 to 2286).

    Raises SignatureInvalid: what `int` and `float` would also accept (a sign, blanks, `_`, a
    fraction, other scripts' digits) is never what a provider signs.
    """
    if _UNIX_SECONDS.fullmatch(text) is None:
        msg = "the timestamp is not ten decimal digits"
        raise SignatureInvalid(msg)
    return int(text)


def require_fresh(signed_at_s: int, *, received_at_s: int, tolerance_s: int = TOLERANCE_S) -> None:
    """Raise SignatureExpired outside the tolerance. Call it only once the signature has matched."""
    age_s = received_at_s - signed_at_s
    if abs(age_s) > tolerance_s:
        raise SignatureExpired(age_s=age_s, window_s=tolerance_s)
