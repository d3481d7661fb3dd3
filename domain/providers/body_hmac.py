"""The family that signs the body and nothing else: one header, one HMAC.

Such a signature carries no time, so a replay cannot be told from a retry by it: only the event
key keeps a second effect away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import signing
from domain.providers.one_event import OneEventProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Secret


class BodyHmac(OneEventProvider):
    """Sets `header` (in lower case) and `algorithm`; the code is hexadecimal unless overridden."""

    header: bytes
    algorithm: str

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare the header with the code each secret gives the body."""
        given = signing.required_header(delivery, self.header)
        return signing.matching_key_id(
            secrets, [given], lambda secret: self.code(secret, delivery.body)
        )

    def code(self, secret: bytes, body: bytes) -> bytes:
        """Return the header's value that the secret would have made."""
        return signing.hex_code(secret, body, self.algorithm)
