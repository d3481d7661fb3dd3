"""The hash chain of a payment's history: no row can be altered or left out unseen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ENCODING = b"payratchet/1"
"""Names the canonical form below; a new form gets a new name and old rows stay verifiable."""


def canonical(fields: Sequence[str | int | None]) -> bytes:
    """Encode the fields so that no two different rows can give the same bytes.

    Each field is its kind, its length and its text; None has a kind of its own.
    """
    parts = [ENCODING]
    for field in fields:
        text = b"" if field is None else str(field).encode()
        kind = b"n" if field is None else b"i" if isinstance(field, int) else b"s"
        parts.append(b"%b%d:%b" % (kind, len(text), text))
    return b"".join(parts)


def link(prev_hash: bytes, fields: Sequence[str | int | None]) -> bytes:
    """Return the SHA-256 (32 bytes) of a row and of all rows before it."""
    return hashlib.sha256(prev_hash + canonical(fields)).digest()


def genesis(fields: Sequence[str | int | None]) -> bytes:
    """Return the first hash of a chain: over what was asked, which then cannot be altered."""
    return hashlib.sha256(canonical(fields)).digest()
