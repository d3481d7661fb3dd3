"""What a command prints: tables for people, JSON for scripts, and one way to fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

DONE, REFUSED, USAGE, STORE_AWAY = 0, 1, 2, 3
"""Exit codes."""

WHOLE_LENGTH_MAX = 22
"""Characters of a cell that is not folded if there is room: a reason, a time, most references."""

FOLDED_LENGTH_MIN = 8
"""Characters that a column of longer cells has at least."""

GAP = 1
"""Characters between two columns."""


class Failed(click.ClickException):
    """The command did not do what was asked; `code` says why, the message what to do."""

    exit_code = REFUSED

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: Any = None) -> None:
        """Print to stderr."""
        click.echo(f"{self.code}: {self.message}", err=True, file=file)


def as_json(shown: object) -> None:
    """Print one JSON value on stdout; times as ISO 8601 in UTC."""
    click.echo(json.dumps(shown, default=plain, ensure_ascii=True))


def plain(value: object) -> object:
    """Return what JSON has no form for as text; times as ISO 8601 in UTC."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def printable(value: object) -> str:
    """Return text that cannot steer a terminal, whatever a payload put into it."""
    text = "" if value is None else str(plain(value) if isinstance(value, datetime) else value)
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def age(span: timedelta) -> str:
    """Return how long ago, in the largest unit that says enough."""
    seconds = max(0, int(span.total_seconds()))
    for unit, length_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length_s:
            return f"{seconds // length_s} {unit}"
    return f"{seconds} s"


def as_table(rows: Sequence[Mapping[str, object]], columns: Sequence[str], empty: str) -> None:
    """Print rows as a table, or a sentence when there are none."""
    if not rows:
        click.echo(empty)
        return
    console = Console(markup=False, highlight=False, emoji=False)
    cells = [[_cell(row.get(column)) for row in rows] for column in columns]
    widths = [
        max(map(len, (*each, *_words(name)))) for name, each in zip(columns, cells, strict=True)
    ]
    whole = _kept_whole(widths, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for number, column in enumerate(columns):
        widest = max(map(len, cells[number]))
        is_number = all(isinstance(row.get(column), int) for row in rows)
        table.add_column(
            (" " if sum(map(len, _words(column))) < widest else "\n").join(_words(column)),
            overflow="fold",
            no_wrap=number in whole,
            justify="right" if is_number else "left",
        )
    for row in zip(*cells, strict=True):
        table.add_row(*row)
    console.print(table)


def _words(column: str) -> list[str]:
    return column.replace("_", " ").split()


def _cell(value: object) -> str:
    """Return what stands in a table; times to the second, in UTC."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return printable(value)


def _kept_whole(widths: Sequence[int], space: int) -> set[int]:
    """Return which columns are never folded: the narrow ones, as many as there is room for.

    The first column says what a row is called, which people copy: it is folded last.
    """
    whole = {number for number, width in enumerate(widths) if width <= WHOLE_LENGTH_MAX}
    while whole and _needed(widths, whole) > space:
        whole.discard(max(whole, key=lambda number: (number > 0, widths[number])))
    return whole


def _needed(widths: Sequence[int], whole: set[int]) -> int:
    least = (
        width if number in whole else min(width, FOLDED_LENGTH_MIN)
        for number, width in enumerate(widths)
    )
    return sum(least) + GAP * (len(widths) - 1)


def as_lines(shown: Mapping[str, object]) -> None:
    """Print one thing, a line a field."""
    width = max(len(name) for name in shown)
    for name, value in shown.items():
        if not isinstance(value, (list, dict)):
            click.echo(f"{name.replace('_', ' '):<{width}}  {printable(value)}")
