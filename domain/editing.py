"""Editing: another body in place of one that cannot be applied, and what differs between the two.

The original is evidence and stays; what is made here is kept beside it as an event of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from domain import strict_json
from domain.errors import PayloadInvalid, PayratchetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DIFFERENCES_MAX = 200
"""Places that a diff names; whoever changes more has written another body."""

_MISSING = object()


class EditRefused(PayratchetError):
    """This edit cannot be made; the message says what to do instead."""

    code = "edit_refused"


@dataclass(frozen=True, slots=True)
class Difference:
    """A place (RFC 6901) and its value before and after, as JSON text; None where it is not."""

    pointer: str
    before: str | None
    after: str | None


def edited(body: bytes, changes: Sequence[tuple[str, object]]) -> bytes:
    """Return the body with each (path, value) set; numbers that are not touched stay to the digit.

    A path is `data.amount` or a JSON pointer, `/data/amount`. Its last step may be a new key of an
    object; everything before it must be there. Raises EditRefused.
    """
    try:
        tree: Any = strict_json.parse(body)
    except PayloadInvalid as error:
        raise EditRefused(f"{error}: give the whole body instead") from error
    for path, value in changes:
        _set(tree, _steps(path), value, path)
    return written(tree).encode()


def diff(before: bytes, after: bytes) -> list[Difference]:
    """Return what differs, place by place, in the order of the bodies.

    Where one of them is no JSON object the two differ as a whole, and no values are told. Raises
    EditRefused when they differ in more than `DIFFERENCES_MAX` places.
    """
    try:
        old, new = strict_json.parse(before), strict_json.parse(after)
    except PayloadInvalid:
        return [] if before == after else [Difference("", None, None)]
    found = list(_differences("", old, new))
    if len(found) > DIFFERENCES_MAX:
        raise EditRefused(f"the bodies differ in {len(found)} places: this is no edit")
    return found


def _steps(path: str) -> list[str]:
    if not path.startswith("/"):
        return path.split(".")
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _set(tree: Any, steps: Sequence[str], value: object, path: str) -> None:
    for step in steps[:-1]:
        tree = _member(tree, step, path)
    last = steps[-1]
    if isinstance(tree, dict):
        tree[last] = value
    else:
        _member(tree, last, path)
        tree[int(last)] = value


def _member(tree: Any, step: str, path: str) -> Any:
    if isinstance(tree, dict) and step in tree:
        return tree[step]
    if isinstance(tree, list) and step.isascii() and step.isdecimal() and int(step) < len(tree):
        return tree[int(step)]
    raise EditRefused(f"{path}: there is no {step!r:.40} there")


def _differences(pointer: str, old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = [(key, old.get(key, _MISSING), new.get(key, _MISSING)) for key in (old | new)]
    elif isinstance(old, list) and isinstance(new, list):
        longest = range(max(len(old), len(new)))
        pairs = [(str(n), _at(old, n), _at(new, n)) for n in longest]
    else:
        if (type(old), old) != (type(new), new):
            yield Difference(pointer, _shown(old), _shown(new))
        return
    for key, before, after in pairs:
        step = key.replace("~", "~0").replace("/", "~1")
        yield from _differences(f"{pointer}/{step}", before, after)


def _at(values: list[Any], number: int) -> Any:
    return values[number] if number < len(values) else _MISSING


def _shown(value: Any) -> str | None:
    return None if value is _MISSING else written(value)


def written(value: Any) -> str:
    """Write JSON; a Decimal as it was written, which `json` cannot do."""
    if isinstance(value, dict):
        members = (f"{written(key)}:{written(member)}" for key, member in value.items())
        return f"{{{','.join(members)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
