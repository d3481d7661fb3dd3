"""Bugs of what is decided of facts and of events."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from domain import audit, captures, decide, fold, judgement, outflows, transitions
from domain.decide import Change, moved
from domain.facts import STATUS_RANK, FactKind
from domain.fold import EARLY
from domain.transitions import Edge, State
from tests.simulation.bug import bug
from tests.simulation.twins import payments as stored_twin
from workers import apply, history

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from domain.captures import Captures
    from domain.facts import Fact
    from domain.judgement import Heard, Known, Verdict
    from domain.outflows import Outflow
    from domain.payment import Asked, Position
    from domain.transitions import Event
    from workers.store.payments import Step

right_count, right_refunds, right_decide = captures.count, outflows.refunds, decide.decide
right_fold, right_judge, right_steps, right_path = (
    fold.fold,
    judgement.judge,
    history.steps,
    transitions.path,
)


def _credit_all(asked: Asked, facts: Sequence[Fact], accepted: Any = None) -> Captures:
    taken = right_count(asked, facts, accepted)
    return taken if asked.cancelled else taken._replace(owned=taken.as_asked)


def _credit_any_amount(asked: Asked, facts: Sequence[Fact], accepted: Any = None) -> Captures:
    taken = right_count(asked, facts, accepted)
    owned = () if asked.cancelled else tuple(taken.counted)[:1]
    return taken._replace(as_asked=owned, owned=owned)


def _forget_cancel(asked: Asked, facts: Sequence[Fact], accepted: Any = None) -> Captures:
    return right_count(replace(asked, cancelled=False), facts, accepted)


def _add_totals(
    refunded: Collection[Fact], totals: Collection[Fact]
) -> tuple[list[Outflow], list[outflows.Disagreement]]:
    done, disagree = right_refunds(refunded, ())
    return [*done, *right_refunds((), totals)[0]], disagree


def _nothing_lost(disputes: Mapping[str, Sequence[Fact]]) -> list[Outflow]:
    del disputes
    return []


def _forget_early(
    asked: Asked,
    before: Position,
    known: Sequence[Fact],
    claimed: Sequence[Fact],
    *,
    version: int,
) -> Change:
    if not before.captured_minor:
        money = any(fact.kind is FactKind.SUCCEEDED for fact in claimed)
        claimed = claimed if money else [f for f in claimed if f.kind not in EARLY]
    return right_decide(asked, before, known, claimed, version=version)


def _apply_again(
    asked: Asked,
    before: Position,
    known: Sequence[Fact],
    claimed: Sequence[Fact],
    *,
    version: int,
) -> Change:
    after = fold.fold(asked, (*known, *claimed))
    edges = (Edge(before.state, transitions.Event.FEE_RECORDED, before.state),)
    movements = moved(asked, known, before, after, version=version)
    return Change(tuple(claimed), edges, movements, replace(after, state=before.state), None)


def _failed_wins(asked: Asked, facts: Sequence[Fact]) -> Position:
    position = right_fold(asked, facts)
    if position.state is State.COMPLETED and any(f.kind is FactKind.FAILED for f in facts):
        return replace(position, state=State.FAILED)
    return position


def _any_path(before: State, event: Event, after: State) -> tuple[Edge, ...]:
    return right_path(before, event, after) or (Edge(before, event, after),)


def _any_mode(heard: Heard, known: Known | None, *, owner: str | None = None) -> Verdict:
    return right_judge(replace(heard, mode=None), known, owner=owner)


def _any_owner(heard: Heard, known: Known | None, *, owner: str | None = None) -> Verdict:
    del owner
    return right_judge(heard, known)


def _alone(prev_hash: bytes, fields: Sequence[str | int | None]) -> bytes:
    del prev_hash
    return audit.genesis(fields)


def _skip_a_step(*values: Any, **named: Any) -> list[Step]:
    return right_steps(*values, **named)[-1:]


FAILED_WINS = tuple((owner, "fold", _failed_wins) for owner in (fold, decide, stored_twin))

BUGS = (
    bug("every equal capture is credited", "I5", (captures, "count", _credit_all)),
    bug("the amount is not compared", "I5", (captures, "count", _credit_any_amount)),
    bug("a cancel is forgotten", "I5", (captures, "count", _forget_cancel), known_from=150),
    bug("totals are added to refunds", "I5", (outflows, "refunds", _add_totals)),
    bug(
        "the first word on a refund counts",
        "I5 I27",
        (outflows, "STATUS_RANK", dict.fromkeys(STATUS_RANK, 0)),
    ),
    bug("an early refund is forgotten", "I5", (judgement, "decide", _forget_early), known_from=75),
    bug("a lost dispute takes nothing", "I5", (outflows, "lost", _nothing_lost)),
    bug("what is known is applied again", "I27", (judgement, "decide", _apply_again)),
    bug("failed wins over money", "I2 I5 I26", *FAILED_WINS),
    bug(
        "failed wins, and the table lets it",
        "I27",
        *FAILED_WINS,
        (decide, "path", _any_path),
    ),
    bug("test money counts", "I5", (apply, "judge", _any_mode)),
    bug("one transaction pays twice", "I5", (apply, "judge", _any_owner), known_from=290),
    bug("a step is sealed by itself", "I8", (audit, "link", _alone)),
    bug("the history skips a step", "I7", (history, "steps", _skip_a_step)),
)
