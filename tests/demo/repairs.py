"""The repairs: what people do after such a morning, with the commands that everybody has."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from tests.demo import quiet
from tests.demo.errors import CommandFailed
from tests.simulator.courier import Parcel

if TYPE_CHECKING:
    from datetime import datetime

    from tests.demo.operator import Operator
    from tests.demo.stage import Stage
    from tests.simulator.courier import Courier
    from tests.simulator.morning import Morning

_OPEN = """
    SELECT count(*) FROM dead_letters WHERE status = 'open' AND reference = ANY(%s)
"""


@dataclass(slots=True)
class Repaired:
    """What was done. `discarded` names the letters that were let go.

    `healed` counts dead letters that went through by themselves once their payment was announced,
    `reconciled` is what the command of that name reported.
    """

    healed: int = 0
    replays: list[dict[str, Any]] = field(default_factory=list)
    discarded: list[int] = field(default_factory=list)
    reconciled: dict[str, Any] = field(default_factory=dict)


class Repairs:
    """Four people at four terminals. `began_at` is when the morning began, by the real clock."""

    def __init__(
        self,
        stage: Stage,
        operator: Operator,
        morning: Morning,
        courier: Courier,
        *,
        began_at: datetime,
    ) -> None:
        self._supervisor = stage.service.supervisor
        self._database_url = stage.database_url
        self._operator = operator
        self._morning = morning
        self._courier = courier
        self._began_at = began_at
        self._done = Repaired()

    def make(self) -> Repaired:
        """Do all of it at once. Raises CommandFailed, NotQuiet or DeliveryFailed."""
        with ThreadPoolExecutor() as people:
            acts = (
                self._announce_late,
                self._give_back,
                self._discard_poison,
                self._reconcile,
            )
            for act in [people.submit(act) for act in acts]:
                act.result()
        return self._done

    def _announce_late(self) -> None:
        """Announce payments whose money came first; their dead letters heal by themselves."""
        late = self._morning.late
        references = [sale.reference for sale in late]
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            row = connection.execute(_OPEN, [references]).fetchone()
            self._done.healed = row[0] if row else 0
            self._operator.announce(late, reason="the order service was late")
            quiet.until_healed(connection, self._supervisor, references)

    def _give_back(self) -> None:
        """Have the provider return a second capture; then its dead letter can be replayed."""
        capture = self._morning.twice[0]
        notices = self._morning.give_back(capture)
        asyncio.run(self._courier.deliver([Parcel(notice, 0.0) for notice in notices]))
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            quiet.until_nothing_is_owed(connection, self._supervisor)
        reference = capture.sale.reference
        letters = self._operator.letters(reference=reference, reason="mismatch")
        if not letters:
            raise CommandFailed(f"no dead letter tells of the second capture of {reference}")
        told = self._operator.replay(
            [letter["id"] for letter in letters],
            reason=f"{capture.sale.provider} has refunded the second capture",
        )
        self._done.replays.append(told)

    def _discard_poison(self) -> None:
        """Let go what nobody can make money of, and say why."""
        for letter in self._operator.letters(reason="schema")[:1]:
            self._operator.discard(letter["id"], reason="no provider ever sent this")
            self._done.discarded.append(letter["id"])

    def _reconcile(self) -> None:
        """Compare with what the provider lists: one success was never told, and nobody asked."""
        since = self._began_at.isoformat(timespec="seconds")
        self._done.reconciled = self._operator.run(
            *("reconcile", "run", "--provider", "paystack", "--since", since),
            *("--reason", "the end of the morning"),
        )
