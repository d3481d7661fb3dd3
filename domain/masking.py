"""Masking: the shape of a body for everybody's eyes, without what it says of people.

Keys stay, so that a person sees what came; values stay only under the few names that tell one
payment from another, and only where they look like an id, a word or a number.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MASK = "***"
"""What stands for a value that is not shown."""

DEPTH_MAX = 32
"""Levels that are shown; what lies deeper is one mask."""

SHOWN = frozenset(
    {
        *("id", "type", "event", "object", "command", "status", "domain", "livemode", "currency"),
        *("amount", "amount_minor", "fee_minor", "fees", "refund_amount", "amount_refunded"),
        *("reference", "transaction_reference", "refund_reference", "client_reference_id"),
        *("payment_id", "payment_intent", "charge", "transaction", "resolution"),
    }
)
"""Keys whose own values are shown, wherever they stand."""

_PLAIN = re.compile(r"[A-Za-z0-9._:=-]{1,100}")
"""What an id, a state or a reference looks like: no blank, no @, no sentence."""

_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""What the name of a field looks like; anything else may be somebody's name."""


def masked(body: bytes) -> Any:
    """Return the JSON value that the body is, masked; None when it is no JSON that can be read."""
    try:
        tree = json.loads(body, parse_float=str, parse_constant=lambda _: MASK)
    except (ValueError, RecursionError):
        return None
    return _masked(tree, DEPTH_MAX, is_shown=False)


def masked_differences(
    differences: Sequence[Mapping[str, str | None]],
) -> list[dict[str, str | None]]:
    """Return differences (pointer, before, after; both JSON text) masked as bodies are.

    A value is shown under the names under which a body shows it; a name that may be somebody's is
    masked in the pointer too.
    """
    return [_masked_difference(each) for each in differences]


def _masked_difference(difference: Mapping[str, str | None]) -> dict[str, str | None]:
    steps = (difference["pointer"] or "").split("/")
    is_shown = steps[-1] in SHOWN
    return {
        "pointer": "/".join(step if not step or _KEY.fullmatch(step) else MASK for step in steps),
        "before": _masked_text(difference["before"], is_shown=is_shown),
        "after": _masked_text(difference["after"], is_shown=is_shown),
    }


def _masked_text(text: str | None, *, is_shown: bool) -> str | None:
    if text is None:
        return None
    try:
        value = json.loads(text, parse_float=str, parse_constant=lambda _: MASK)
    except (ValueError, RecursionError):
        return MASK
    return json.dumps(_masked(value, DEPTH_MAX, is_shown=is_shown), ensure_ascii=False)


def _masked(value: Any, levels: int, *, is_shown: bool) -> Any:
    if isinstance(value, (dict, list)) and not levels:
        return MASK
    if isinstance(value, dict):
        return {
            key if _KEY.fullmatch(key) else f"{MASK}{number}": _masked(
                member, levels - 1, is_shown=key in SHOWN
            )
            for number, (key, member) in enumerate(value.items())
        }
    if isinstance(value, list):
        return [_masked(member, levels - 1, is_shown=False) for member in value]
    return value if value is None or (is_shown and _is_plain(value)) else MASK


def _is_plain(value: object) -> bool:
    return not isinstance(value, str) or _PLAIN.fullmatch(value) is not None
