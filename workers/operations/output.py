"""What a command prints: tables for people, JSON for scripts, and one way to fail."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

DONE, REFUSED, USAGE, STORE_AWAY = 0, 1, 2, 3
"""Exit codes."""


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
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(printable(row.get(column)) for column in columns))
    Console(markup=False, highlight=False, emoji=False).print(table)


def as_lines(shown: Mapping[str, object]) -> None:
    """Print one thing, a line a field."""
    width = max(len(name) for name in shown)
    for name, value in shown.items():
        if not isinstance(value, (list, dict)):
            click.echo(f"{name.replace('_', ' '):<{width}}  {printable(value)}")
