"""What an address asks of a list: filters and the cursor, each of a known form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Collection

    from workers.console.page import Asked

ROWS_MAX = 50
"""Rows of one page of a list."""

TEXT_LENGTH_MAX = 200
"""Characters of one filter."""

ID_MAX = 2**63 - 1
"""The largest id that a table can have."""


class FilterWrong(Refused):
    """The address asks for something that has no meaning."""

    code = "validation_failed"
    http_status = 422
    title = "That cannot be looked up"


def text(asked: Asked, name: str) -> str | None:
    """Return a filter, None where it is not given. Raises FilterWrong for one that is too long."""
    value = asked.query.get(name, "").strip()
    if len(value) > TEXT_LENGTH_MAX or "\x00" in value:
        raise FilterWrong(f"{name}: at most {TEXT_LENGTH_MAX} characters")
    return value or None


def one_of(asked: Asked, name: str, known: Collection[str]) -> str | None:
    """Return a filter that has one of a few values. Raises FilterWrong for any other."""
    value = text(asked, name)
    if value is not None and value not in known:
        raise FilterWrong(f"{name}: one of {', '.join(known)}")
    return value


def number(asked: Asked, name: str) -> int | None:
    """Return a filter that is a whole number. Raises FilterWrong for anything else."""
    return None if text(asked, name) is None else whole(asked.query[name].strip(), name)


def whole(value: object, name: str) -> int:
    """Return a whole number that an id can be. Raises FilterWrong for anything else."""
    written = str(value)
    if not (written.isascii() and written.isdecimal()) or int(written[:20]) > ID_MAX:
        raise FilterWrong(f"{name}: a whole number is expected")
    return int(written)
