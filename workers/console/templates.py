"""Templates: HTML in which everything is text unless a template itself writes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.retelling import amount
from workers.console import assets, plots

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "templates"
NONE = "\N{EN DASH}"
"""What stands where nothing is known."""

UNITS_S = (("d", 86_400), ("h", 3_600), ("min", 60))


def utc(at: datetime | None) -> str:
    """Write a time in UTC, to the second; a dash where there is none."""
    return NONE if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def age(at: datetime | None, now: datetime) -> str:
    """Write how long ago something was, in the largest unit that says enough."""
    if at is None:
        return NONE
    seconds = max(0, int((now - at).total_seconds()))
    for unit, length_s in UNITS_S:
        if seconds >= length_s:
            return f"{seconds // length_s} {unit}"
    return f"{seconds} s"


def money(amount_minor: int | None, currency: str | None) -> str:
    """Write an amount in major units with its currency; a dash where it is not known."""
    if amount_minor is None or currency is None:
        return NONE
    return amount(amount_minor, currency)


def monies(amounts_minor: Mapping[str, int] | None) -> str:
    """Write amounts by currency."""
    found = [money(minor, currency) for currency, minor in sorted((amounts_minor or {}).items())]
    return ", ".join(found) or NONE


def masked(value: object) -> str:
    """Write a body that is masked already (`domain.masking`) as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def segment(value: object) -> str:
    """Write one segment of a path of ours."""
    return quote(str(value), safe="")


def query(values: Mapping[str, object], **changes: object) -> str:
    """Write a query with some values changed; None leaves one out. With its question mark."""
    kept = {name: v for name, v in {**values, **changes}.items() if v is not None and v != ""}
    return f"?{urlencode(kept)}" if kept else "?"


@cache
def environment() -> Environment:
    """Return the environment, with what every template may use."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "age": age,
        "masked": masked,
        "money": money,
        "monies": monies,
        "query": query,
        "segment": segment,
        "svg": plots.svg,
        "utc": utc,
    }
    made.globals["asset"] = assets.address
    return made


def draw(template: str, context: Mapping[str, Any]) -> str:
    """Return the page. Raises jinja2.UndefinedError for a name that nobody gave."""
    return environment().get_template(template).render(context)
