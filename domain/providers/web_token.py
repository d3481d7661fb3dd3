"""Web tokens: the compact form of RFC 7515, read for one algorithm and no other.

What a token says of itself chooses nothing but which of the provider's keys is asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from domain import strict_json
from domain.errors import PayloadInvalid, SignatureInvalid
from domain.providers.public_keys import base64url, es256_proves

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

ALGORITHM = "ES256"

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class WebToken(NamedTuple):
    """A token of which nothing is proven yet, but that it has the form of one."""

    key_id: str
    signed: bytes
    signature: bytes
    claims_text: str

    def is_signed_with(self, key: EllipticCurvePublicKey) -> bool:
        """Say whether the key has signed it."""
        return es256_proves(key, self.signature, self.signed)

    def claims(self) -> dict[str, Any]:
        """Return what it says, which counts only once it `is_signed_with` a key of the provider's.

        Raises SignatureInvalid.
        """
        return _object(self.claims_text)


def read(token: bytes) -> WebToken:
    """Read a token. Raises SignatureInvalid for another algorithm, and for what is no token."""
    parts = token.decode("latin-1").split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        raise SignatureInvalid("the token has not three parts")
    header = _object(parts[0])
    if header.get("alg") != ALGORITHM or "crit" in header:
        msg = f"the token is not of the algorithm {ALGORITHM}"
        raise SignatureInvalid(msg)
    key_id = header.get("kid")
    if not isinstance(key_id, str) or _KEY_ID.fullmatch(key_id) is None:
        raise SignatureInvalid("the token names no key")
    signed = f"{parts[0]}.{parts[1]}".encode("latin-1")
    return WebToken(key_id, signed, base64url(parts[2]), parts[1])


def _object(text: str) -> dict[str, Any]:
    try:
        return strict_json.parse(base64url(text))
    except PayloadInvalid:
        raise SignatureInvalid("a part of the token is no JSON object") from None
