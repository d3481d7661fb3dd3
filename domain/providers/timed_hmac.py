"""The family that signs a time and the body: one HMAC over `time`, a separator and the body."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal, NamedTuple

from domain import signing
from domain.errors import SignatureInvalid
from domain.providers.one_event import OneEventProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Secret


class Stamp(NamedTuple):
    """What a delivery says of its signature: the time as written, and the codes that count."""

    time: bytes
    codes: Sequence[bytes]


class TimedHmac(OneEventProvider):
    """Leaves open where the time and the codes stand.

    `tolerance_s` None: no window is documented and retries keep the first time, so that only the
    event key keeps a second effect away.
    """

    separator: bytes = b"."
    algorithm: str = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    tolerance_s: int | None = signing.TOLERANCE_S

    @abstractmethod
    def stamp(self, delivery: Delivery) -> Stamp:
        """Return time and codes; raises SignatureRefused and RequestMalformed."""

    def signed_at_s(self, time: bytes) -> int:
        """Read the time as Unix seconds. Raises SignatureInvalid."""
        return signing.unix_seconds(time)

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare every code with the code each secret gives time, separator and body."""
        time, codes = self.stamp(delivery)
        signed_at_s = self.signed_at_s(time)
        content = time + self.separator + delivery.body
        write = signing.hex_code if self.encoding == "hex" else signing.base64_code
        key_id = signing.matching_key_id(
            secrets, codes, lambda secret: write(secret, content, self.algorithm)
        )
        if self.tolerance_s is not None:
            signing.require_fresh(
                signed_at_s, received_at_s=delivery.received_at_s, tolerance_s=self.tolerance_s
            )
        return key_id


def named_values(header: bytes, separator: bytes, *, header_name: str) -> list[tuple[bytes, bytes]]:
    """Return the pairs of a header that is a list of name=value. Raises SignatureInvalid."""
    pairs = [item.partition(b"=") for item in header.split(separator)]
    if not all(equals for _, equals, _ in pairs):
        msg = f"{header_name} is not a list of name=value"
        raise SignatureInvalid(msg)
    return [(name, value) for name, _, value in pairs]


def sole_time(pairs: Sequence[tuple[bytes, bytes]], name: bytes, *, header_name: str) -> bytes:
    """Return the one value of that name. Raises SignatureInvalid for none, or several."""
    times = [value for each, value in pairs if each == name]
    if len(times) != 1:
        msg = f"{header_name} has {len(times)} timestamps"
        raise SignatureInvalid(msg)
    return times[0]
