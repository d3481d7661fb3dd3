"""The performance: everything that happened, for the proof, the summary and the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.demo.proof.evidence import Evidence
from tests.demo.repairs import Repaired
from tests.demo.shop.journal import Journal
from tests.simulator.books import Books

if TYPE_CHECKING:
    from psycopg import Connection

    from tests.demo.minute import Minute
    from tests.demo.mishaps import Mishap
    from tests.demo.proof.invariant import Invariant
    from tests.simulator.api.journal import Call
    from tests.simulator.courier import Answer
    from tests.simulator.morning import Morning


@dataclass(slots=True)
class Performance:
    """What happened. `taken` and `calls` are the books and the journal of the provider we call.

    `minute` is what an operator did about the one credit that somebody's mistake had lost.
    `webhooks_lost` counts what that provider told and nobody delivered.
    """

    morning: Morning
    answers: list[Answer] = field(default_factory=list)
    mishaps: list[Mishap] = field(default_factory=list)
    restarts: dict[str, int] = field(default_factory=dict)
    traffic_s: float = 0.0
    quiet_after_s: float = 0.0
    minute: Minute | None = None
    repaired: Repaired = field(default_factory=Repaired)
    shop: Journal = field(default_factory=Journal)
    taken: Books = field(default_factory=Books)
    calls: list[Call] = field(default_factory=list)
    webhooks_lost: int = 0
    invariants: list[Invariant] = field(default_factory=list)

    def evidence(self, connection: Connection[Any]) -> Evidence:
        """Return the evidence, with what the database says."""
        return Evidence(connection, self.answers, self.morning, self.shop, self.taken)
