"""The family that signs the body and nothing else: one header, one HMAC.

Such a signature carries no time, so a replay cannot be told from a retry by it: only the event
key keeps a second effect away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from domain import signing
from domain.providers.one_event import OneEventProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Secret


class BodyHmac(OneEventProvider):
    """Sets `header` (in lower case), `algorithm`, and how the code is written."""

    header: bytes
    algorithm: str
    encoding: Literal["hex", "base64"] = "hex"
    prefix: bytes = b""

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare the header with the code each secret gives the body."""
        given = signing.required_header(delivery, self.header)
        return signing.matching_key_id(
            secrets, [given], lambda secret: self.code(secret, delivery.body)
        )

    def code(self, secret: bytes, body: bytes) -> bytes:
        """Return the header's value that the secret would have made."""
        write = signing.hex_code if self.encoding == "hex" else signing.base64_code
        return self.prefix + write(secret, body, self.algorithm)
