"""What a planted bug is."""

from __future__ import annotations

from typing import Any, NamedTuple


class Bug(NamedTuple):
    """A wrong decision or a missing rule.

    `places` is what takes whose place: (owner, name, stand-in). `expected` are the numbers of the
    invariants that may tell it. Where a second layer saves the day, that is I27: the constraint's
    rescue is the signal. `known_from` is a seed shortly before the first that is known to tell a
    rare one: who is in a hurry begins there.
    """

    name: str
    expected: tuple[str, ...]
    places: tuple[tuple[Any, str, object], ...]
    known_from: int = 0


def bug(name: str, expected: str, *places: tuple[Any, str, object], known_from: int = 0) -> Bug:
    return Bug(name, tuple(expected.split()), places, known_from)
