"""Poison: authentic bodies that no careful reader takes for what they look like."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.simulator.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHARGE = (
    b'{"event":"charge.success","data":{"id":%b,"domain":"test","status":"success",'
    b'"reference":%b,"amount":%b,"currency":"NGN"}}'
)

BODIES: Mapping[str, bytes] = MappingProxyType(
    {
        "a key twice": _CHARGE % (b"990001", b'"ORD-1"', b'100,"amount":10000000'),
        "an amount beyond all numbers": _CHARGE % (b"990002", b'"ORD-1"', b"1e400"),
        "a NUL in the reference": _CHARGE % (b"990003", b'"ORD\\u0000-1"', b"5000"),
        "an amount that is a truth": _CHARGE % (b"990004", b'"ORD-1"', b"true"),
    }
)
"""What Paystack would never send, signed with its key."""


def notices() -> list[Notice]:
    """Return one notice of each."""
    return [Notice("paystack", "charge.success", "", body) for body in BODIES.values()]
