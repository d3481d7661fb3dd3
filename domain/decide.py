"""Decide what new facts change: the difference between the fold before and after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain import ledger
from domain.errors import IllegalTransition
from domain.facts import Fact, FactKind, FactStatus
from domain.fold import fold
from domain.ledger import Movement
from domain.transitions import Edge, Event, State, path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.payment import Asked, Position


@dataclass(frozen=True, slots=True)
class Change:
    """What one event does to one payment.

    `facts` are those that were not known before; empty means that the event changes nothing.
    `edges` are the audit's new rows, at least one where there is a new fact.
    `contradiction` names what does not fit, if this event brought it up.
    """

    facts: tuple[Fact, ...]
    edges: tuple[Edge, ...]
    movements: tuple[Movement, ...]
    after: Position
    contradiction: str | None


def decide(
    asked: Asked,
    before: Position,
    known: Sequence[Fact],
    claimed: Sequence[Fact],
    *,
    version: int,
) -> Change:
    """Return what `claimed` adds to the `known` facts, whose fold is `before`.

    `version` is the payment's before the change; it names adjustments, so that each is unique.
    Raises IllegalTransition when the table has no way to the new state: then nothing may be
    written, and a person must look.
    """
    seen = {fact.key for fact in known}
    new = tuple({fact.key: fact for fact in claimed if fact.key not in seen}.values())
    if not new:
        return Change((), (), (), before, None)

    after = fold(asked, (*known, *new))
    contradiction = _contradiction(before, after)
    event = _event(new, before, after, contradicted=contradiction is not None)
    edges = path(before.state, event, after.state)
    if not edges:
        raise IllegalTransition(state=before.state, event=event)
    movements = moved(asked, known, before, after, version=version)
    return Change(new, edges, movements, after, contradiction)


def moved(
    asked: Asked, known: Sequence[Fact], before: Position, after: Position, *, version: int
) -> tuple[Movement, ...]:
    """Return what must be posted to bring the books from one position to the other.

    `known` are the facts that have led to `before`; `version` is the payment's before the change.
    """
    return _movements(before, after, _Posted(asked, known), version)


def _contradiction(before: Position, after: Position) -> str | None:
    if not after.contradictions:
        return None
    brought_up = sorted(after.contradictions - before.contradictions)
    if brought_up:
        return ", ".join(brought_up)
    more = after.effects.keys() - before.effects.keys()
    into_suspense = any(
        account == ledger.SUSPENSE and amount > 0
        for key in more
        for (account, _), amount in after.effects[key].items()
    )
    return "money_in_suspense" if into_suspense else None


_BY_FACT: Mapping[tuple[FactKind, FactStatus], Event] = {
    (FactKind.INITIALIZED, FactStatus.KNOWN): Event.INITIALIZED,
    (FactKind.SUCCEEDED, FactStatus.SUCCEEDED): Event.SUCCEEDED,
    (FactKind.FAILED, FactStatus.FAILED): Event.FAILED,
    (FactKind.REFUND, FactStatus.PENDING): Event.REFUND_PENDING,
    (FactKind.REFUND, FactStatus.SUCCEEDED): Event.REFUNDED_IN_PART,
    (FactKind.REFUND, FactStatus.FAILED): Event.REFUND_FAILED,
    (FactKind.REFUND_TOTAL, FactStatus.SUCCEEDED): Event.REFUNDED_IN_PART,
    (FactKind.DISPUTE, FactStatus.OPENED): Event.DISPUTE_OPENED,
    (FactKind.DISPUTE, FactStatus.WON): Event.DISPUTE_WON,
    (FactKind.DISPUTE, FactStatus.LOST): Event.DISPUTE_LOST,
    (FactKind.FEE, FactStatus.KNOWN): Event.FEE_RECORDED,
    (FactKind.UNHEARD, FactStatus.KNOWN): Event.UNHEARD,
}


def _event(new: Sequence[Fact], before: Position, after: Position, *, contradicted: bool) -> Event:
    """Name what happened after the first new fact; a fee only when it came alone."""
    principal = next((fact for fact in new if fact.kind is not FactKind.FEE), new[0])
    event = _BY_FACT[principal.kind, principal.status]
    if contradicted and event is not Event.UNHEARD:
        return Event.CONTRADICTED
    if after.state is State.REFUNDED and event is Event.REFUNDED_IN_PART:
        return Event.REFUNDED_IN_FULL
    if before.state is State.REVIEW and after.state is State.COMPLETED:
        return Event.RESOLVED if event is not Event.SUCCEEDED else event
    return event


class _Posted:
    """Which effects the known facts have posted at any time, in the order they were heard.

    An effect can vanish (a cumulative total that refunds explain one by one) and come back; its
    own name is used up by then.
    """

    def __init__(self, asked: Asked, known: Sequence[Fact]) -> None:
        self._asked = asked
        self._known = known

    def __contains__(self, effect: tuple[str, str]) -> bool:
        _, object_id = effect
        if not any(fact.object_id == object_id for fact in self._known):
            return False
        return any(
            effect in fold(self._asked, self._known[:count]).effects
            for count in range(1, len(self._known))
        )


def _movements(
    before: Position, after: Position, posted: _Posted, version: int
) -> tuple[Movement, ...]:
    """Post new effects under their own names, and changes of old ones as adjustments."""
    movements = []
    for key in dict.fromkeys((*before.effects, *after.effects)):
        old, new = before.effects.get(key, {}), after.effects.get(key, {})
        legs = ledger.legs_of(ledger.difference(old, new)) if old else ledger.legs_of(new)
        if not legs:
            continue
        effect, object_id = key
        if key not in before.effects and key not in posted:
            movements.append(Movement(effect, object_id, legs))
        else:
            adjusts = f"{object_id}@{version + 1}"
            movements.append(Movement(f"{effect}_adjustment", adjusts, legs))
    return tuple(movements)
