"""What people write as values of options, and what is made of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

from domain import rates

SPAN_S_MAX = 30 * 86_400
"""Longest span that an option takes."""

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SPAN = re.compile(r"(?P<count>[0-9]{1,9})(?P<unit>[smhd])")


class Rate(click.ParamType[str]):
    """A limit as people write it: 10/minute."""

    name = "rate"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text. Fails for what is no rate, or one without bounds."""
        try:
            rates.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return value


class Span(click.ParamType[int]):
    """A length of time as people write it: 30m, 24h, 7d."""

    name = "span"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return seconds. Fails for what is no span, or a longer one than is allowed."""
        if isinstance(value, int):
            return value
        match = _SPAN.fullmatch(value)
        length_s = int(match["count"]) * _UNITS_S[match["unit"]] if match else None
        if length_s is None or length_s > SPAN_S_MAX:
            self.fail(f"30m, 24h or 7d, at most {SPAN_S_MAX // 86_400}d", param, ctx)
        return length_s


class Moment(click.ParamType[datetime]):
    """A moment as people write it: 2026-11-01 or 2026-11-01T06:30:00Z; UTC unless it says more."""

    name = "moment"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the moment. Fails for what is none."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("2026-11-01 or 2026-11-01T06:30:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
