"""Masking: the shape of a body for everybody's eyes, without what it says of people.

Keys stay, so that a person sees what came; values stay only under the few names that tell one
payment from another, and only where they look like an id, a word or a number.
"""

from __future__ import annotations

import json
import re
from typing import Any

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
