"""JSON in which money is read: one meaning for every byte, or none.

Two readers. `parse` is for workers, who take amounts out of a body: whatever two parsers could
read differently is refused. `glance` is for the ingress, which takes out a key: it is fast, sees
the last of two equal keys, and decides nothing about money. Both raise PayloadInvalid alone.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic_core import from_json

from domain.errors import PayloadInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH_MAX = 64
"""Levels of nesting; the deepest body a provider documents has nine."""

INTEGER_CHARACTERS_MAX = 20
"""Characters of an integer, its sign included; 2**63 has 19 digits."""

FLOAT_CHARACTERS_MAX = 40
"""Characters of a number with a fraction or an exponent."""

_DOUBTFUL_ESCAPES = (b"\\u0000", b"\\ud", b"\\uD")
"""What a NUL or a surrogate must contain when it is escaped; unescaped, both are refused anyway."""


def parse(body: bytes) -> dict[str, Any]:
    """Return the object that the body is, with fractions as Decimal.

    Raises PayloadInvalid, saying why, unless the body is one JSON object in UTF-8 without a
    byte order mark, no key comes twice (however escaped), no number is NaN, infinite, longer
    than the limits above or a negative zero, no text holds a NUL or half a surrogate pair,
    and nothing is nested deeper than `DEPTH_MAX`.
    """
    try:
        value = _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        msg = "the body is not UTF-8"
        raise PayloadInvalid(msg) from error
    except json.JSONDecodeError as error:
        msg = f"the body is not JSON: {error.msg} at character {error.pos}"
        raise PayloadInvalid(msg) from error
    except RecursionError as error:
        raise PayloadInvalid(_TOO_DEEP) from error
    if body.count(b"{") + body.count(b"[") > DEPTH_MAX:
        _require_shallow(value)
    if any(escape in body for escape in _DOUBTFUL_ESCAPES):
        _require_plain_text(value)
    return _as_object(value)


def glance(body: bytes) -> dict[str, Any]:
    """Return the object that the body is, quickly; of two equal keys the last.

    Raises PayloadInvalid when it is no JSON object in UTF-8, or is nested more than some 200
    levels deep. Integers may be huge and numbers infinite: read only texts and keys from it.
    """
    try:
        value = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        msg = f"the body is not JSON: {error}"
        raise PayloadInvalid(msg) from error
    return _as_object(value)


_TOO_DEEP = f"the body is nested more than {DEPTH_MAX} levels deep"


def _as_object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        msg = f"the body is a JSON {type(value).__name__}, not an object"
        raise PayloadInvalid(msg)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        msg = "a key is there twice in one object"
        raise PayloadInvalid(msg)
    return members


def _integer(text: str) -> int:
    if len(text) > INTEGER_CHARACTERS_MAX:
        msg = f"an integer has {len(text)} characters"
        raise PayloadInvalid(msg)
    if text == "-0":
        msg = "a number is a negative zero"
        raise PayloadInvalid(msg)
    return int(text)


def _fraction(text: str) -> Decimal:
    try:
        if len(text) <= FLOAT_CHARACTERS_MAX:
            return Decimal(text)
    except ArithmeticError as error:
        msg = "a number has an exponent beyond all use"
        raise PayloadInvalid(msg) from error
    msg = f"a number has {len(text)} characters"
    raise PayloadInvalid(msg)


def _constant(name: str) -> NoReturn:
    msg = f"{name} is not a JSON number"
    raise PayloadInvalid(msg)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_constant,
)


def _require_shallow(value: object) -> None:
    level = [value]
    for _ in range(DEPTH_MAX):
        members = [member for container in level for member in _members(container)]
        level = [member for member in members if isinstance(member, (dict, list))]
        if not level:
            return
    raise PayloadInvalid(_TOO_DEEP)


def _require_plain_text(value: object) -> None:
    """Walk the whole value; the depth is known to be bounded."""
    if isinstance(value, str) and ("\0" in value or not _is_unicode(value)):
        msg = "a text holds a NUL or half a surrogate pair"
        raise PayloadInvalid(msg)
    if isinstance(value, dict):
        for key in value:
            _require_plain_text(key)
    for member in _members(value):
        _require_plain_text(member)


def _members(value: object) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
