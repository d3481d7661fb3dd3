"""Cursors: where a page ended, written so that only we can write it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from ingress.api.errors import Problem, ValidationFailed

SIGNATURE_BYTES = 12
"""Bytes of a cursor's signature: it guards a position in one's own list, no money."""


class Cursors:
    """The cursors of one client and one list."""

    def __init__(self, key: bytes, *scope: str) -> None:
        self._key = key
        self._scope = "\n".join(scope).encode()

    def within(self, *scope: str) -> Cursors:
        """Return the cursors of one list: those of others are forgeries there."""
        return Cursors(self._key, self._scope.decode(), *scope)

    def written(self, position: int) -> str:
        """Return the cursor of a row's id."""
        text = str(position).encode()
        return base64.urlsafe_b64encode(self._signature(text) + text).decode().rstrip("=")

    def read(self, cursor: str) -> int:
        """Return the row's id. Raises ValidationFailed for what was not written here."""
        try:
            both = base64.b64decode(
                cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            both = b""
        signature, text = both[:SIGNATURE_BYTES], both[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(text)):
            raise ValidationFailed([Problem("?cursor", "not a cursor of this list")])
        return int(text)

    def _signature(self, text: bytes) -> bytes:
        whole = hmac.digest(self._key, self._scope + b"\0" + text, hashlib.sha256)
        return whole[:SIGNATURE_BYTES]
