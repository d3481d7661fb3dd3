"""Following work that workers do: until it has ended, or clearly nobody does it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from domain.wakeup import Lane
from workers.operations.output import STORE_AWAY, Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POLL_S = 0.25
"""How often the record is looked at."""

TAKEN_UP_S_MAX = 30.0
"""How long nobody may take up a command before whoever waits is told."""


class Seen(NamedTuple):
    """How far the work is, as it is shown; `taken_up` says that a worker has had it in hand."""

    words: str
    taken_up: bool
    ended: bool


class NobodyWorks(Failed):
    """Nobody took up what was asked for. It is kept, and is done when a worker comes."""

    exit_code = STORE_AWAY

    def __init__(self) -> None:
        super().__init__(
            "not_taken_up",
            f"no worker took it up within {TAKEN_UP_S_MAX:.0f} s; it is kept, and done when one"
            " comes. Are workers running (`python -m workers`)?",
        )


def ring(event_id: int) -> None:
    """Wake a worker, where a Redis is named; the relay does it some seconds later otherwise."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return
    import redis  # noqa: PLC0415 - most commands ring for nothing, and it is a tenth of a start
    from dramatiq import BrokerConnectionError  # noqa: PLC0415 - as above

    from workers.broker import make_broker  # noqa: PLC0415 - as above
    from workers.broker import ring as ring_for  # noqa: PLC0415 - as above

    with contextlib.suppress(redis.RedisError, BrokerConnectionError, ValueError):
        ring_for(make_broker(url), Lane.CALLS, [event_id])


def follow(
    look: Callable[[], Seen], *, quiet: bool, wait_s: float, taken_up_s: float = TAKEN_UP_S_MAX
) -> Seen:
    """Look until the work has ended or `wait_s` are over; return what was seen last.

    Raises NobodyWorks when no worker takes it up within `taken_up_s`.
    """
    began_s = time.monotonic()
    with _shown(quiet=quiet) as show:
        while True:
            seen = look()
            show(seen.words)
            waited_s = time.monotonic() - began_s
            if seen.ended or waited_s >= wait_s:
                return seen
            if not seen.taken_up and waited_s >= taken_up_s:
                raise NobodyWorks
            time.sleep(POLL_S)


@contextlib.contextmanager
def _shown(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a place to show words at: a line that turns on a terminal, and nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("")
        yield lambda words: progress.update(task, description=words)


def left_going(what: str) -> None:
    """Say that the work goes on without whoever waited for it."""
    click.echo(f"{what} goes on without you.", err=True)
