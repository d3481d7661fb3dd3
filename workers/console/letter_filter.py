"""Which dead letters a page is about, as its address and its forms spell it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.money import AMOUNT_MINOR_MAX
from workers.console.forms import FormRefused
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = (
    *("provider", "type", "reason_class", "fingerprint", "reference", "owner", "older_than"),
    *("amount_over", "currency"),
)
"""Names of the fields. In an address, the reason class is also called `reason`; in a form that is
why somebody acts."""

IDS_MAX = 500
"""Letters that one form names one by one."""

SPAN_S_MAX = 30 * 86_400
TEXT_LENGTH_MAX = 300

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SPAN = re.compile(r"([0-9]{1,9})([smhd])")


def of_address(query: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that an address spells, those that are filled in."""
    fields = {"reason_class": query.get("reason", ""), **query}
    return of_form(fields)


def of_form(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a filter that are filled in, with `ids` and `all`."""
    found = {name: fields.get(name, "").strip() for name in (*FIELDS, "ids", "all")}
    return {name: value for name, value in found.items() if value}


def wanted(fields: Mapping[str, str]) -> Wanted:
    """Return the letters that these fields mean. Raises FormRefused.

    Nobody means all open letters without saying so: `all` must be filled in then.
    """
    for name, value in fields.items():
        if len(value) > TEXT_LENGTH_MAX and name != "ids":
            raise FormRefused(f"{name}: at most {TEXT_LENGTH_MAX} characters")
    if "ids" in fields:
        return Wanted(ids=_ids(fields["ids"]))
    found = Wanted(
        provider=fields.get("provider"),
        type=fields.get("type"),
        reason=fields.get("reason_class"),
        fingerprint=fields.get("fingerprint"),
        reference=fields.get("reference"),
        owner=fields.get("owner"),
        older_than_s=_span_s(fields.get("older_than")),
        amount_over_minor=_amount(fields.get("amount_over")),
        currency=fields.get("currency"),
    )
    if found.is_everything and "all" not in fields:
        raise FormRefused("say which letters: a filter, or all of them")
    return found


def _ids(text: str) -> tuple[int, ...]:
    parts = text.replace(",", " ").split()
    if len(parts) > IDS_MAX or not all(re.fullmatch(r"[0-9]{1,18}", part) for part in parts):
        raise FormRefused(f"ids: at most {IDS_MAX} numbers")
    return tuple(sorted({int(part) for part in parts}))


def _span_s(text: str | None) -> int | None:
    if text is None:
        return None
    match = _SPAN.fullmatch(text)
    length_s = int(match[1]) * _UNITS_S[match[2]] if match else None
    if length_s is None or length_s > SPAN_S_MAX:
        raise FormRefused(f"older than: 30m, 24h or 7d, at most {SPAN_S_MAX // 86_400}d")
    return length_s


def _amount(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > AMOUNT_MINOR_MAX:
        raise FormRefused("amount over: minor units are expected")
    return int(text)
