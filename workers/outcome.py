"""What one batch has to write, gathered in memory and written set by set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain import operators
from domain.delivery import ProviderEvent
from domain.errors import Permanent
from domain.ledger import CUSTOMER_PREFIX
from domain.transitions import State
from workers import healing, history
from workers.burial import died, letter_for
from workers.store import (
    attempts,
    dead_letters,
    inbox,
    ledger,
    payments,
    references,
    verifications,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.decide import Change
    from domain.judgement import Burial, Heard, Known
    from domain.ledger import Movement
    from workers.database import Transaction
    from workers.store.inbox import Work

STATEMENT_KINDS = {
    "capture": "top_up",
    "refund": "refund",
    "refund_total": "refund",
    "chargeback": "chargeback",
}
"""What a customer's statement calls an effect; anything else is an adjustment."""


class Tally(Counter[str]):
    """How many events ended in which way, and by how much customers' credit changed."""

    def __init__(self) -> None:
        super().__init__()
        self.credit_minor: Counter[str] = Counter()

    def add(self, other: Tally) -> None:
        """Count another batch in."""
        self.update(other)
        self.credit_minor.update(other.credit_minor)


@dataclass
class Outcome:
    """Rows by table, in the order in which the events were judged."""

    worker: str
    tally: Tally = field(default_factory=Tally)
    facts: list[payments.StoredFact] = field(default_factory=list)
    steps: list[payments.Step] = field(default_factory=list)
    aliases: dict[references.Alias, None] = field(default_factory=dict)
    moved: dict[int, payments.Moved] = field(default_factory=dict)
    postings: list[ledger.Posting] = field(default_factory=list)
    held: list[ledger.Posting] = field(default_factory=list)
    letters: list[dead_letters.Letter] = field(default_factory=list)
    attempts: list[attempts.Attempt] = field(default_factory=list)
    placed: list[waiting.Placed] = field(default_factory=list)
    waiting: list[waiting.Waiting] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    edited: list[int] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    raised: list[int] = field(default_factory=list)
    under_way: list[int] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    @property
    def changed(self) -> set[str]:
        """Return the references of the payments of which somebody may want to know."""
        return self.told | {moved.after.reference for moved in self.moved.values()}

    def end(self, work: Work) -> None:
        """Take note that nothing is owed of the event any more."""
        self.finished.append(work.event_id)
        self.request_ids.append(work.request_id)
        if operators.name_of(work.key_id) is not None:
            self.edited.append(work.event_id)
        if work.replay_id is not None:
            self.raised.append(work.event_id)

    def change(
        self,
        work: Work,
        heard: Heard,
        known: Known,
        change: Change,
        *,
        is_new_name: bool,
        actor: str | None = None,
    ) -> Known:
        """Take up what an event changes; return the payment as it stands after it.

        `is_new_name` says that nobody has used the event's name of the payment before. `actor`
        is who did it, where that is not the provider.
        """
        assert not isinstance(heard.said, Permanent)  # noqa: S101 - refusals change nothing
        name = heard.said.provider_reference if isinstance(heard.said, ProviderEvent) else None
        self.facts.extend(_stored(known, change, work.event_id))
        who = actor or f"provider:{heard.source}"
        steps = history.steps(work, heard.said.type, known, change, actor=who)
        if steps[0].from_state != State.PROCESSING == change.after.state:
            self.under_way.append(known.payment_id)
        self.steps.extend(steps)
        self.postings.extend(_posting(work, known, movement) for movement in change.movements)
        self._wait(work, known, change)
        if is_new_name and name is not None:
            alias = references.Alias(heard.source, heard.account, name, known.payment_id)
            self.aliases[alias] = None
        after = known.moved(change, version=steps[-1].version, head_hash=steps[-1].hash)
        self._move(known, after, name)
        return after

    def _move(self, known: Known, after: Known, provider_reference: str | None) -> None:
        """Note where the payment is now; the first of several names in a batch stays."""
        before = self.moved.get(known.payment_id)
        version = before.before_version if before else known.version
        named = before.provider_reference if before else None
        self.moved[known.payment_id] = payments.Moved(version, after, named or provider_reference)

    def _wait(self, work: Work, known: Known, change: Change) -> None:
        """Note which objects of this event wait for their capture, and which wait no longer."""
        before, after = known.position.waiting, change.after.waiting
        if not before and not after:
            return
        self.waiting.extend(
            waiting.Waiting(known.payment_id, fact.object_id, work.event_id, work.received_at)
            for fact in change.facts
            if fact.object_id in after
        )
        self.placed.extend(
            waiting.Placed(known.payment_id, object_id) for object_id in sorted(before - after)
        )

    def bury(self, work: Work, heard: Heard, burial: Burial) -> None:
        """Set the event aside, with the attempt that ended so."""
        letter = letter_for(work, heard.said, burial)
        self.letters.append(letter)
        self.attempts.append(died(work, letter, worker=self.worker))

    def note(self, work: Work, outcome: str) -> None:
        """Record how the attempt ended where nothing else says it."""
        self.attempts.append(attempts.of(work, worker=self.worker, outcome=outcome))

    def write(self, tx: Transaction) -> None:
        """Write everything, in the one order that locks and triggers expect.

        What needs an answer comes first; most of it needs none and is sent in one go.
        """
        if new_names := references.remember(tx, list(self.aliases)):
            healing.take_up(tx, dead_letters.of_provider_references(tx, new_names))
        books = ledger.prepare(tx, self.postings, held=self.held)
        with tx.pipeline():
            saved = payments.move(tx, list(self.moved.values()), self.facts, self.steps)
            books.write(tx)
            attempts.record(tx, self.attempts)
            inbox.finish(tx, self.finished)
        saved.require_all()
        self.tally.credit_minor.update(_credit_minor(self.postings))
        waiting.note(tx, self.waiting)
        dead_letters.resolve_placed(tx, waiting.clear(tx, self.placed))
        verifications.begin(tx, self.under_way)
        buried = {letter.event_id for letter in self.letters}
        raised = [event_id for event_id in self.raised if event_id not in buried]
        dead_letters.resolve(tx, raised, actor=dead_letters.SYSTEM, reason="the event went through")
        dead_letters.bury(tx, self.letters)


def _credit_minor(postings: Iterable[ledger.Posting]) -> Counter[str]:
    credit_minor: Counter[str] = Counter()
    for posting in postings:
        for leg in posting.movement.legs:
            if leg.account.startswith(CUSTOMER_PREFIX):
                credit_minor[leg.currency] += leg.amount_minor
    return credit_minor


def _stored(known: Known, change: Change, event_id: int) -> list[payments.StoredFact]:
    return [
        payments.StoredFact(
            known.payment_id,
            fact.kind,
            fact.object_id,
            fact.status,
            fact.amount.amount_minor if fact.amount else None,
            fact.amount.currency if fact.amount else None,
            fact.capture_id,
            fact.at_s,
            event_id,
        )
        for fact in change.facts
    ]


def _posting(work: Work, known: Known, movement: Movement) -> ledger.Posting:
    effect = movement.effect.removesuffix("_adjustment")
    kind = STATEMENT_KINDS.get(movement.effect, "adjustment")
    credits_customer = any(
        leg.account.startswith(CUSTOMER_PREFIX) and leg.amount_minor > 0 for leg in movement.legs
    )
    if effect == "capture" and credits_customer:
        kind = "top_up"
    return ledger.Posting(
        movement,
        known.payment_id,
        work.event_id,
        work.now,
        kind,
        f"{known.reference}:{movement.effect}:{movement.object_id}",
        "payratchet",
    )
