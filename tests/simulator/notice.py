"""A notice: one event that a provider tells of, in the bytes it tells it with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Notice:
    """One event. Every delivery of it has the same name and, but for `body_again`, the same bytes.

    `body_again` is what later deliveries say where the provider changes harmless fields.
    """

    provider: str
    type: str
    message_id: str
    body: bytes
    body_again: bytes | None = None

    @property
    def repeated(self) -> bytes:
        """The body of a later delivery."""
        return self.body_again or self.body


def encoded(tree: Any) -> bytes:
    """Return compact JSON, as the providers send it."""
    return json.dumps(tree, separators=(",", ":")).encode()
