"""Every order of every set of up to seven facts: one end, by legal steps, with balanced books."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from domain.correcting import correct, possible
from domain.decide import decide
from domain.fold import fold
from domain.judgement import Known
from domain.transitions import LEGAL
from tests.domain.histories import ASKED
from tests.simulation.fact_sets import FACTS_MAX, VOCABULARY
from tests.simulation.violations import Violated

if TYPE_CHECKING:
    from domain.decide import Change
    from domain.facts import Fact
    from domain.payment import Asked, Position


class Outcome(NamedTuple):
    """All that may not depend on order: the state, the sums, the net per account."""

    state: str
    captured_minor: int
    refunded_minor: int
    disputed_minor: int
    net: frozenset[tuple[tuple[str, str], int]]


@dataclass(slots=True)
class Node:
    """A payment after some facts, with all that was posted for it."""

    asked: Asked
    facts: tuple[Fact, ...] = ()
    position: Position = field(default_factory=lambda: fold(ASKED, ()))
    version: int = 0
    names: frozenset[tuple[str, str]] = frozenset()
    net: dict[tuple[str, str], int] = field(default_factory=dict)

    def hear(self, fact: Fact) -> Node:
        """Return the payment after one more fact. Raises Violated."""
        change = decide(self.asked, self.position, self.facts, (fact,), version=self.version)
        if change.facts != (fact,):
            raise Violated("a fact is taken as it is", str(fact))
        state = self.position.state
        for edge in change.edges:
            if edge.from_state is not state or edge not in LEGAL:
                raise Violated("every step is legal", f"{edge} in {self.facts}")
            state = edge.to_state
        if state is not change.after.state:
            raise Violated("steps end where it stands", str(self.facts))
        return self._after(change, (*self.facts, fact))

    def _after(self, change: Change, facts: tuple[Fact, ...]) -> Node:
        names = dict[tuple[str, str], None]()
        net = dict(self.net)
        for movement in change.movements:
            names[movement.effect, movement.object_id] = None
            sums: dict[str, int] = {}
            for leg in movement.legs:
                account = (leg.account, leg.currency)
                net[account] = net.get(account, 0) + leg.amount_minor
                sums[leg.currency] = sums.get(leg.currency, 0) + leg.amount_minor
            if any(sums.values()):
                raise Violated("legs sum to zero", str(movement))
        if len(names) < len(change.movements) or not self.names.isdisjoint(names):
            raise Violated("an effect is posted once", f"{list(names)} after {facts}")
        version = self.version + max(1, len(change.edges))
        return Node(self.asked, facts, change.after, version, self.names.union(names), net)

    def outcome(self) -> Outcome:
        at = self.position
        level = frozenset(item for item in self.net.items() if item[1])
        return Outcome(at.state, at.captured_minor, at.refunded_minor, at.disputed_minor, level)

    def corrected(self) -> list[tuple[str, Node]]:
        """Return the payment after each correction that its facts bear."""
        known = Known(
            *(1, "pay", self.asked, "default"),
            *(self.version, b"", self.facts, self.position),
        )
        found = []
        for state in possible(known):
            decided = correct(known, state)
            after = self._after(decided.change, self.facts)
            found.append((str(state), replace(after, asked=decided.asked)))
        return found


class Walk:
    """All orders of the facts of a pool, up to so many of them, from one begin.

    `ends` has the one outcome of each set, by the bits of its facts; `orders` counts the orders of
    sets of the greatest size, and `leaves` are the payments after each, where they are kept.
    """

    def __init__(
        self, pool: tuple[Fact, ...], facts_max: int = FACTS_MAX, *, keeps_leaves: bool = False
    ) -> None:
        self._pool = pool
        self._facts_max = facts_max
        self._keeps_leaves = keeps_leaves
        self.orders = 0
        self.ends: dict[int, Outcome] = {}
        self.leaves: list[Node] = []

    def go(self, node: Node, heard: int = 0) -> None:
        """Go on from here. Raises Violated where two orders end differently."""
        outcome = node.outcome()
        first = self.ends.setdefault(heard, outcome)
        if first != outcome:
            where = f"{[str(fact) for fact in node.facts]}: {outcome}, not {first}"
            raise Violated("order does not matter", where)
        if heard.bit_count() == self._facts_max:
            self.orders += 1
            if self._keeps_leaves:
                self.leaves.append(node)
            return
        for number, fact in enumerate(self._pool):
            if not heard & 1 << number:
                self.go(node.hear(fact), heard | 1 << number)


def every_order(pool: tuple[Fact, ...], *, cancelled: bool = False) -> Walk:
    """Play every order of every set of up to seven facts of the pool. Raises Violated."""
    asked = replace(ASKED, cancelled=cancelled)
    walk = Walk(pool, min(len(pool), FACTS_MAX))
    walk.go(Node(asked, position=fold(asked, ())))
    return walk


def every_order_from(first: int) -> Walk:
    """Play every order of up to seven facts of the vocabulary that begins with this one of it.

    A part of all orders of all sets; ends of different parts are yet to be compared.
    """
    node = Node(ASKED)
    walk = Walk(VOCABULARY)
    walk.go(node.hear(VOCABULARY[first]), 1 << first)
    return walk


def joined(ends: dict[int, Outcome], part: Walk) -> None:
    """Add the ends of a part to those known. Raises Violated where they differ."""
    for heard, outcome in part.ends.items():
        if ends.setdefault(heard, outcome) != outcome:
            told = [str(fact) for n, fact in enumerate(VOCABULARY) if heard & 1 << n]
            raise Violated("order does not matter", f"{told}")


def every_order_with_a_cut(before: tuple[Fact, ...], after: tuple[Fact, ...]) -> int:
    """Play every order of facts before and after a person's decision; return how many orders.

    A decision cuts the fold: facts permute freely on either side of it. Raises Violated.
    """
    ends: dict[str, dict[int, Outcome]] = {}
    orders = 0
    sooner = Walk(before, len(before), keeps_leaves=True)
    sooner.go(Node(ASKED))
    for leaf in sooner.leaves:
        for state, decided in leaf.corrected():
            later = Walk(after, len(after))
            later.ends = ends.setdefault(state, {})
            later.go(decided)
            orders += later.orders
    return orders
