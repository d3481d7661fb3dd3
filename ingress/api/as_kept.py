"""As kept: what the store makes of JSON, known before it is asked.

Postgres' `jsonb` puts the names of an object in an order of its own, and writes numbers out.
"""

from __future__ import annotations

from typing import Any


class NotKnown(Exception):
    """Only the store can say how this comes back."""


def as_kept(value: Any) -> Any:
    """Return the JSON as it will be read from the store. Raises NotKnown.

    `value` is made of what `domain.strict_json` reads, with fractions as floats.
    """
    if isinstance(value, dict):
        names = sorted(value, key=_place)
        return {name: as_kept(value[name]) for name in names}
    if isinstance(value, list):
        return [as_kept(member) for member in value]
    if isinstance(value, float) and "e" in repr(value):
        raise NotKnown
    return value


def _place(name: str) -> tuple[int, bytes]:
    """Return what `jsonb` sorts by: shorter names first, equally long ones by their bytes."""
    written = name.encode()
    return len(written), written
