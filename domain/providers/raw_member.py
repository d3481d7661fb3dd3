"""Raw members: one member of a JSON object, in the bytes it was sent as.

For providers that sign a part of a body, or send several events in one. Written anew it would have
other bytes: 1250.00 would become 1250.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from domain.errors import PayloadInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANKS = re.compile(r"[ \t\n\r]*")


def raw_member(body: bytes, name: str) -> bytes:
    """Return the bytes of the value of the object's one member of that name.

    Raises PayloadInvalid when the body is no JSON object in UTF-8, or has no such member, or has
    two: of these a parser might read the one that was not signed.
    """
    try:
        text = body.decode()
        spans = [(start, end) for key, start, end in _members(text) if key == name]
    except (ValueError, RecursionError):
        raise PayloadInvalid("the body is not a JSON object") from None
    if len(spans) != 1:
        msg = f"{name} is there {len(spans)} times"
        raise PayloadInvalid(msg)
    start, end = spans[0]
    return text[start:end].encode()


def raw_elements(body: bytes, name: str) -> list[bytes]:
    """Return the bytes of each element of the list that the object's member of that name is.

    Raises PayloadInvalid as `raw_member` does, and when the member is no list.
    """
    text = raw_member(body, name).decode()
    try:
        spans = list(_elements(text))
    except (ValueError, RecursionError):
        msg = f"{name} is not a list"
        raise PayloadInvalid(msg) from None
    return [text[start:end].encode() for start, end in spans]


def _elements(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each element of a list begins and ends. Raises ValueError."""
    start = _after(text, 0, "[")
    if text.startswith("]", start):
        return
    sign = ","
    while sign == ",":
        _, end = _DECODER.raw_decode(text, start)
        yield start, end
        position = _past_blanks(text, end)
        sign = text[position : position + 1]
        start = _past_blanks(text, position + 1)
    if sign != "]":
        raise ValueError(sign)


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each member's key, and where its value begins and ends. Raises ValueError."""
    position, sign = _after(text, 0, "{"), ","
    while sign == ",":
        if not text.startswith('"', position):
            raise ValueError(sign)
        key, position = _DECODER.raw_decode(text, position)
        start = _after(text, position, ":")
        _, end = _DECODER.raw_decode(text, start)
        yield key, start, end
        position = _past_blanks(text, end)
        sign = text[position : position + 1]
        position = _past_blanks(text, position + 1)
    if sign != "}" or position < len(text):
        raise ValueError(sign)


def _after(text: str, position: int, sign: str) -> int:
    """Return where something begins that stands behind the sign, blanks apart."""
    position = _past_blanks(text, position)
    if not text.startswith(sign, position):
        raise ValueError(sign)
    return _past_blanks(text, position + 1)


def _past_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def _as_written(number: str) -> str:
    return number


_DECODER = json.JSONDecoder(parse_int=_as_written, parse_float=_as_written)
"""Finds where values end; numbers are left alone, however long they are."""
