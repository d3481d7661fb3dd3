"""What must hold after a measure, or its figure is worth nothing: asked in SQL, over all rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import IsolationLevel

from tests.bench.errors import RunVoid
from tests.bench.measures.invariants import BOOKS, INBOX, INTENTS, PAYMENTS, STARTED
from tests.bench.stage import supply
from tests.bench.stage.run import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.bench.measures.invariants import Invariant
    from tests.bench.stage.run import Run

    Values = Mapping[str, object]


EVENT = {"amount": supply.AMOUNT_MINOR, "fee": supply.FEE_MINOR}
"""What each event is about."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of an invariant. It holds only if it was checked on something."""

    name: str
    checked: int
    contradictions: int

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts it. Nothing checked proves nothing."""
        return self.checked > 0 and not self.contradictions


def check(
    run: Run, name: str, database_url: str, acknowledged: int | None, *, drained: bool = True
) -> None:
    """Check everything on one snapshot, and note what was found under the measure's name.

    `acknowledged` is how many different events we were told are kept, at least; None when the
    measure asked nobody. `drained` says that the work is done, so that the books must be closed.
    Raises RunVoid when an invariant is broken, or nothing was there to check it on.
    """
    values = {**EVENT, "acknowledged": acknowledged or 0}
    _judge(run, name, database_url, INBOX + BOOKS if drained else INBOX, values)


def check_payments(run: Run, name: str, database_url: str, numbers: range) -> None:
    """Check these payments alone: what else is in the database is another's to answer for.

    Raises RunVoid when an invariant is broken.
    """
    values = {
        **EVENT,
        "first": supply.reference(numbers[0]),
        "last": supply.reference(numbers[-1]),
        "count": len(numbers),
    }
    _judge(run, name, database_url, PAYMENTS, values)


def check_intents(
    run: Run, name: str, database_url: str, acknowledged: int, *, drained: bool = True
) -> None:
    """Check payments that were asked for over the API; of them `acknowledged`, at least.

    `drained` says that the worker has started them all at the provider. Raises RunVoid.
    """
    invariants = INTENTS + STARTED if drained else INTENTS
    _judge(run, name, database_url, invariants, {"acknowledged": acknowledged})


def ask(
    connection: psycopg.Connection[Any], invariants: Sequence[Invariant], values: Values
) -> list[Finding]:
    """Ask about each invariant, in the transaction of the connection."""
    found = []
    for invariant in invariants:
        row = connection.execute(invariant.query.encode(), values).fetchone()
        assert row is not None  # every query here returns one row
        found.append(Finding(invariant.name, *map(int, row)))
    return found


def _judge(
    run: Run, name: str, database_url: str, invariants: Sequence[Invariant], values: Values
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        found = ask(connection, invariants, values)
    run.verdicts += [Verdict(name, each.name, each.holds, each.checked) for each in found]
    broken = [
        f"{each.name}: {each.contradictions} of {each.checked} say otherwise"
        for each in found
        if not each.holds
    ]
    if broken:
        raise RunVoid(f"{name}: {'; '.join(broken)}.")
