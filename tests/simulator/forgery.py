"""Forgeries: what arrives without being from the provider, or not as the provider sent it."""

from __future__ import annotations

import json
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.simulator.signing import SIGNATURE_HEADERS, SIGNERS, Signable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.simulator.notice import Notice
    from tests.simulator.signing import Headers

STALE_S = 3_600
"""Age of a captured request that is sent again: far outside any tolerance."""


class Forgery(StrEnum):
    """Ways of being wrong, and the code each deserves."""

    WRONG_KEY = "signature_invalid"
    NO_SIGNATURE = "signature_missing"
    BIT_FLIPPED = "signature_invalid, one bit of the body"
    RESERIALISED = "signature_invalid, the body written again"
    STALE = "signature_expired"

    @property
    def code(self) -> str:
        """The refusal it deserves."""
        return self.value.partition(",")[0]


SIGNS_TIME = frozenset({"stripe", "standard-webhooks"})
"""Providers whose signature can grow old."""


def possible(provider: str) -> list[Forgery]:
    """Return the forgeries that this provider's receiver can be tried with."""
    return [each for each in Forgery if each is not Forgery.STALE or provider in SIGNS_TIME]


def forged(notice: Notice, forgery: Forgery, secret: str, at_s: int) -> tuple[Headers, bytes]:
    """Return headers and body of a delivery that must be refused."""
    sign = SIGNERS[notice.provider]
    if forgery is Forgery.WRONG_KEY:
        return sign(_another(secret), Signable(notice.body, notice.message_id, at_s)), notice.body
    signed_at_s = at_s - STALE_S if forgery is Forgery.STALE else at_s
    headers = sign(secret, Signable(notice.body, notice.message_id, signed_at_s))
    if forgery is Forgery.NO_SIGNATURE:
        del headers[SIGNATURE_HEADERS[notice.provider]]
    return headers, _BODIES.get(forgery, bytes)(notice.body)


def _flipped(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


def _reserialised(body: bytes) -> bytes:
    """Write the same JSON with other blanks, as a helpful proxy does."""
    return json.dumps(json.loads(body)).encode()


_BODIES: Mapping[Forgery, Callable[[bytes], bytes]] = MappingProxyType(
    {Forgery.BIT_FLIPPED: _flipped, Forgery.RESERIALISED: _reserialised}
)


def _another(secret: str) -> str:
    """Return a secret of the same form that is not the same: the last half turned around."""
    middle = len(secret) // 2
    turned = secret[middle:][::-1]
    return secret[:middle] + turned if turned != secret[middle:] else "x" + secret[1:]
