"""Keys of the API: how they are written, and by what they are known without being kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

PREFIX_BYTES = 8
"""Random bytes of the prefix, by which a key is found and spoken of; it is no secret."""

SECRET_BYTES = 32
"""Random bytes of the secret."""

PEPPER_LENGTH_MIN = 32
"""Characters of the pepper, the secret that stored hashes are worthless without."""

SCOPES = ("payments:read", "payments:write", "credit:read", "credit:write")
"""What a client may be allowed. To write implies to read of the same family."""

_KEY = re.compile(r"prk_(?P<prefix>[a-z2-7]{13})_(?P<secret>[a-z2-7]{52})")


def written(prefix: bytes, secret: bytes) -> str:
    """Return the key made of `PREFIX_BYTES` and `SECRET_BYTES` random bytes.

    Raises ValueError for other lengths: a key of less chance is no key.
    """
    if len(prefix) != PREFIX_BYTES or len(secret) != SECRET_BYTES:
        msg = f"{PREFIX_BYTES} and {SECRET_BYTES} random bytes are expected"
        raise ValueError(msg)
    return f"prk_{_text(prefix)}_{_text(secret)}"


def prefix_of(text: str) -> str | None:
    """Return the prefix of a key, or None for what cannot be one of ours."""
    match = _KEY.fullmatch(text)
    return match["prefix"] if match else None


def key_hash(pepper: bytes, key: str) -> bytes:
    """Return what is kept of a key: HMAC-SHA256 (32 bytes) over the whole of it."""
    return hmac.digest(pepper, key.encode(), hashlib.sha256)


def granted(scopes: frozenset[str]) -> frozenset[str]:
    """Return the scopes with those that they imply."""
    return scopes | {
        f"{family}:read"
        for family, _, right in (s.partition(":") for s in scopes)
        if right == "write"
    }


def _text(part: bytes) -> str:
    return base64.b32encode(part).decode().rstrip("=").lower()
