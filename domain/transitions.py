"""The state machine of a payment, as one grid with a decision for every cell.

The grid is the specification. From it come the rows of the SQL table `legal_transitions`, the
drawing in `docs/state-machine.md` and the exhaustive test; a test holds all of them together.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class State(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"  # known here
    PROCESSING = "processing"  # at the provider, or its outcome is unknown
    COMPLETED = "completed"
    FAILED = "failed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    CHARGED_BACK = "charged_back"
    CANCELLED = "cancelled"
    REVIEW = "review"  # an unresolved contradiction; a person decides


class Event(StrEnum):
    """What happened to a payment. The last two are acts of people, all others follow from facts."""

    INITIALIZED = "initialized"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CONTRADICTED = "contradicted"
    REFUND_PENDING = "refund_pending"
    REFUNDED_IN_PART = "refunded_in_part"
    REFUNDED_IN_FULL = "refunded_in_full"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    FEE_RECORDED = "fee_recorded"
    UNHEARD = "unheard"  # nothing heard after the last scheduled verification
    RESOLVED = "resolved"  # what contradicted has been undone by later facts
    CANCELLED = "cancelled"
    CORRECTED = "corrected"


class Rule(StrEnum):
    """What a cell decides."""

    MOVE = "move"  # to the target
    MOVE_WHEN_WHOLE = "move when whole"  # to the target if the whole set of facts says so
    NOTE = "note"  # the state stays; the history says that it happened
    WAIT = "wait"  # stored; has its effect when the capture is known
    REFUSE = "refuse"  # illegal
    PERSON = "person"  # to whatever other state a person chooses


@dataclass(frozen=True, slots=True)
class Decision:
    """One cell: the rule, and the state it leads to where it leads anywhere."""

    rule: Rule
    target: State | None = None

    @property
    def may_stay(self) -> bool:
        """Return whether the event may be noted without a change of state."""
        return self.rule in (Rule.MOVE_WHEN_WHOLE, Rule.NOTE, Rule.WAIT)


# `=` note · `~` wait · `x` refuse · `*` a person chooses · a state: move · a state with `?`: move
# when whole. Columns are states, rows are events.
_GRID = """
event            pending    processing completed          failed    partially_refunded refunded           disputed      charged_back cancelled review
initialized      processing =          =                  =         =                  =                  =             =            =         =
succeeded        completed  completed  =                  completed =                  =                  =             =            review    completed?
failed           failed     failed     =                  =         =                  =                  =             =            =         failed?
contradicted     review     review     review             review    review             review             review        review       review    =
refund_pending   ~          ~          =                  ~         =                  =                  =             =            ~         =
refunded_in_part ~          ~          partially_refunded? ~        =                  =                  =             =            ~         partially_refunded?
refunded_in_full ~          ~          refunded?          ~         refunded?          =                  =             =            ~         refunded?
refund_failed    ~          ~          =                  ~         completed?         partially_refunded? =            =            ~         =
dispute_opened   ~          ~          disputed?          ~         disputed?          disputed?          =             disputed?    ~         disputed?
dispute_won      ~          ~          =                  ~         =                  =                  completed?    =            ~         completed?
dispute_lost     ~          ~          charged_back?      ~         charged_back?      charged_back?      charged_back? =            ~         charged_back?
fee_recorded     =          =          =                  =         =                  =                  =             =            =         =
unheard          review     review     =                  =         =                  =                  =             =            =         =
resolved         x          x          x                  x         x                  x                  x             x            x         completed
cancelled        cancelled  cancelled  x                  x         x                  x                  x             x            x         x
corrected        *          *          *                  *         *                  *                  *             *            *         *
"""  # noqa: E501 - a grid is read by its columns

_MARKS = {"=": Rule.NOTE, "~": Rule.WAIT, "x": Rule.REFUSE, "*": Rule.PERSON}


def _decision(cell: str) -> Decision:
    if cell in _MARKS:
        return Decision(_MARKS[cell])
    if cell.endswith("?"):
        return Decision(Rule.MOVE_WHEN_WHOLE, State(cell.removesuffix("?")))
    return Decision(Rule.MOVE, State(cell))


def _read_grid() -> dict[tuple[State, Event], Decision]:
    head, *rows = [line.split() for line in _GRID.strip().splitlines()]
    states = [State(name) for name in head[1:]]
    return {
        (state, Event(row[0])): _decision(cell)
        for row in rows
        for state, cell in zip(states, row[1:], strict=True)
    }


TABLE: Mapping[tuple[State, Event], Decision] = MappingProxyType(_read_grid())
"""The decision for every (state, event)."""


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One legal step. An edge from a state to itself notes an event that moved only sums."""

    from_state: State
    event: Event
    to_state: State


def legal_edges() -> Iterator[Edge]:
    """Yield every step that may ever be persisted: the rows of `legal_transitions`."""
    for (state, event), decision in TABLE.items():
        if decision.target is not None:
            yield Edge(state, event, decision.target)
        if decision.may_stay:
            yield Edge(state, event, state)
        if decision.rule is Rule.PERSON:
            yield from (Edge(state, event, other) for other in State if other is not state)


LEGAL: frozenset[Edge] = frozenset(legal_edges())

_BY_PEOPLE = frozenset({Event.CANCELLED, Event.CORRECTED})
_STEPPING_STONES = frozenset(
    {State.PROCESSING, State.COMPLETED, State.PARTIALLY_REFUNDED, State.DISPUTED}
)
"""States that one fact may pass through on its way. In review in passing is only what was
cancelled, then captured, and had been refunded before we heard of the capture."""


def _shortest_paths() -> dict[tuple[State, State], tuple[Edge, ...]]:
    steps = [e for e in legal_edges() if e.event not in _BY_PEOPLE and e.from_state != e.to_state]
    found: dict[tuple[State, State], tuple[Edge, ...]] = {}
    for origin in State:
        stones = _STEPPING_STONES | ({State.REVIEW} if origin is State.CANCELLED else set())
        waiting: deque[tuple[Edge, ...]] = deque((e,) for e in steps if e.from_state is origin)
        while waiting:
            path = waiting.popleft()
            here = path[-1].to_state
            if here is origin or (origin, here) in found:
                continue
            found[origin, here] = path
            if here in stones:
                waiting.extend((*path, e) for e in steps if e.from_state is here)
    return found


_PATHS = _shortest_paths()


def path(before: State, event: Event, after: State) -> tuple[Edge, ...]:
    """Return the legal steps from one state to the other, the first choice being one `event`.

    Empty when the table knows no way: the caller then refuses the event. A fact that moves
    several steps (a capture whose refund came first) gets an edge for each.
    """
    direct = Edge(before, event, after)
    if direct in LEGAL:
        return (direct,)
    return _PATHS.get((before, after), ())
