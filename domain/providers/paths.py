"""Paths: where something lies in a body, written as "data.object.id"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

    Json = dict[str, Any] | list[Any] | str | int | float | Decimal | bool | None
    """What a body is made of once it is read."""


def dig(tree: Json, path: str) -> Json:
    """Return what lies at the path, or None where it leaves the objects and lists it goes through.

    A part that is a number picks from a list: "items.0.id".
    """
    for name in path.split("."):
        if isinstance(tree, dict):
            tree = tree.get(name)
        elif isinstance(tree, list) and name.isdecimal() and int(name) < len(tree):
            tree = tree[int(name)]
        else:
            return None
    return tree
