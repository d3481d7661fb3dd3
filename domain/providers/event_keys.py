"""Event keys: the name by which a second delivery of the same event is known.

A key is made of parts that the signature covers. One part is its own key; several are written
each with its length before it, so that ("ab", "c") and ("a", "bc") stay two keys.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from domain.delivery import EVENT_KEY_LENGTH_MAX, KeyedEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.providers.paths import Json

BODY_KEY_PREFIX = "body:"
"""Begins the key of a body that has no other; no part may begin so."""

EDIT_KEY_PREFIX = "edit:"
"""Begins the key of a body that a person wrote in place of another; no part may begin so."""

_INTEGER_BITS_MAX = 64
_LENGTH = re.compile(r"[1-9][0-9]{0,2}")
_REFERENCE = re.compile(r"[A-Za-z0-9._=-]{1,100}")


def keyed(body: bytes, parts: Sequence[object], reference: object) -> KeyedEvent:
    """Return the event under its key, or under its body's hash when the parts make none.

    No parts at all mean that the provider gives this type no id: its body is its name and can
    still be read. A part that is there but is no integer and no printable text, or a key longer
    than `EVENT_KEY_LENGTH_MAX`, is not what the provider documents: such a body is unreadable.
    """
    if not parts:
        return KeyedEvent(_body_key(body), reference_hint(reference))
    texts = [_text(part) for part in parts]
    key = texts[0] if len(texts) == 1 else "".join(f"{len(text)}:{text}" for text in texts)
    is_taken = key.startswith((BODY_KEY_PREFIX, EDIT_KEY_PREFIX))
    if not all(texts) or len(key) > EVENT_KEY_LENGTH_MAX or is_taken:
        return unreadable(body)
    return KeyedEvent(key, reference_hint(reference))


def unreadable(body: bytes) -> KeyedEvent:
    """Return the event of an authentic body that cannot be read: kept, but about nobody."""
    return KeyedEvent(_body_key(body), reference=None, readable=False)


def reference_hint(value: object) -> str | None:
    """Return the value if it can be a reference of ours, else None."""
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        return value
    return None


def parts_of(key: str) -> tuple[str, ...]:
    """Return the parts that `keyed` wrote several of into a key; none for any other key."""
    parts: list[str] = []
    rest = key
    while rest:
        length, colon, rest = rest.partition(":")
        if not colon or not _LENGTH.fullmatch(length) or len(rest) < int(length):
            return ()
        parts.append(rest[: int(length)])
        rest = rest[int(length) :]
    return tuple(parts)


def told_key(event_key: str, body: bytes) -> str:
    """Return the key as the delivery told it.

    Of two bodies that contradict each other under one key, the second is kept under the key with
    `#` and the body's hash added to it.
    """
    return event_key.removesuffix("#" + hashlib.sha256(body).hexdigest())


def at(tree: Json, *path: str) -> Json:
    """Return what lies at the path, or None where the path leaves the objects it goes through."""
    for name in path:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(name)
    return tree


def _body_key(body: bytes) -> str:
    return BODY_KEY_PREFIX + hashlib.sha256(body).hexdigest()


def _text(part: object) -> str:
    """Return the part as text, or an empty text when it is not fit for a key."""
    if isinstance(part, str) and part.isprintable():
        return part
    if type(part) is int and part.bit_length() <= _INTEGER_BITS_MAX:
        return str(part)
    return ""
