"""Taking the place of something: only of what is there, so that a rename is seen at once."""

from __future__ import annotations

import importlib
from typing import Any


def late(name: str) -> Any:
    """Return a module that must not be loaded before what is changed is."""
    return importlib.import_module(name)


class PlaceGone(Exception):
    """What was to be replaced is not there: the bug must be planted anew."""


def put(owner: Any, name: str, stand_in: object) -> Any:
    """Put something in the place of what the owner has under this name; return what was there.

    Raises PlaceGone.
    """
    if not hasattr(owner, name):
        raise PlaceGone(f"{owner!r} has no {name}")
    was = getattr(owner, name)
    setattr(owner, name, stand_in)
    return was


def without(owner: Any, name: str, words: str, instead: str = "") -> None:
    """Take words out of a text that the owner has, wherever they stand in it.

    Raises PlaceGone where they are not in it.
    """
    text = getattr(owner, name, "")
    if words not in text:
        raise PlaceGone(f"{name} of {owner!r} has no {words!r}")
    setattr(owner, name, text.replace(words, instead))
