"""Seals: what is kept of a session's token, and the token of its forms, both keyed.

A copy of the database signs nobody in, and says no form's token: the key is not in it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_BYTES = 32
"""Random bytes of a token that a browser is given: 256 bits."""

TOKEN_LENGTH_MAX = 64
"""Characters of anything that may be one."""


class Seals:
    """Keyed hashes, one kind for each purpose, of which none tells another."""

    def __init__(self, secret: str) -> None:
        self._key = secret.encode()

    def of_session(self, token: str) -> bytes:
        """Return what is kept of a session's token."""
        return self._seal(b"session", token)

    def of_form(self, token: str) -> str:
        """Return what a form of this session carries: nobody else can know it."""
        return self._seal(b"form", token).hex()

    def fits(self, token: str, carried: str) -> bool:
        """Return whether this is what a form of the session carries; the time tells nothing."""
        return hmac.compare_digest(self.of_form(token).encode(), carried.encode())

    def _seal(self, purpose: bytes, token: str) -> bytes:
        return hmac.new(self._key, purpose + b"\0" + token.encode(), hashlib.sha256).digest()


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)
