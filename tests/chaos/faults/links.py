"""Links that lose answers, swallow bytes, break, refuse, or are slow."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.chaos.faults.fault import NotNow
from tests.chaos.faults.postgres import Always

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.edges.edge import Edge
    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

COMMIT = b"COMMIT"
KEEP = b"\x00keep\x00"
"""How an ingress names the one statement that keeps events (`ingress.statements`): it is a
transaction by itself, and its answer the answer to a commit."""

API_ABOVE = 0.6
"""Drawn above it, an ingress loses the answers of its API's transactions instead."""

REFUSED_SHARE = 0.3
"""Of all edges: how many take no new connection while the others were only cut."""


class OnOneEdge(Always):
    """Something goes wrong on one edge until the end.

    `counted` is the edge's count of what was hit, where it has one.
    """

    def __init__(self, break_it: Callable[[Edge, Strike], object], counted: str = "") -> None:
        self._break_it = break_it
        self._counted = counted
        self._before: dict[str, int] = {}

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Break it."""
        del traffic
        edge = stage.edges[strike.target]
        self._before[strike.target] = edge.counts.get(self._counted, 0)
        self._break_it(edge, strike)
        return strike.target

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Heal it; say how many answers were lost on it so far. Raises NotNow if none was."""
        del traffic
        edge = stage.edges[strike.target]
        edge.heal()
        before = self._before.pop(strike.target, None)
        if self._counted and before == edge.counts.get(self._counted, 0):
            raise NotNow(f"no {self._counted}")
        return ", ".join(f"{name} {count}" for name, count in sorted(edge.counts.items()))


def lose_commit_replies(edge: Edge, strike: Strike) -> None:
    """Lose the answers to the next commits: nobody knows whether they were."""
    keeps = edge.name.startswith("web") and strike.parameters.get("which", 0.0) <= API_ABOVE
    edge.lose_answer(KEEP if keeps else COMMIT, count=round(strike.parameters.get("count", 1.0)))


def swallow_replies(edge: Edge, strike: Strike) -> None:
    """Let requests arrive and no answer come back."""
    del strike
    edge.blackhole("to_client")


def refuse(edge: Edge, strike: Strike) -> None:
    """Break what is there and let nothing new come about."""
    del strike
    edge.refuse()
    edge.reset()


def slow_down(edge: Edge, strike: Strike) -> None:
    """Let bytes arrive late."""
    edge.delay(strike.parameters.get("delay_ms", 0.0), strike.parameters.get("jitter_ms", 0.0))


class Swizzle(Always):
    """All links are cut in any order, some stay away, and they come back in another order."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Cut them."""
        del traffic
        dice = random.Random(strike.parameters.get("seed", 0.0))
        edges = [stage.edges[name] for name in sorted(stage.edges)]
        dice.shuffle(edges)
        cut = 0
        for edge in edges:
            if dice.random() < REFUSED_SHARE:
                edge.refuse()
            cut += edge.reset()
        return f"{cut} connections"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Heal them in another order."""
        del traffic
        edges = [stage.edges[name] for name in sorted(stage.edges)]
        random.Random(strike.parameters.get("seed", 0.0) + 1).shuffle(edges)
        for edge in edges:
            edge.heal()
        return ""
