"""What one batch has to write, gathered in memory and written set by set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from domain import audit
from domain.delivery import ProviderEvent
from domain.facts import FactKind
from domain.fingerprint import fingerprint
from domain.ledger import CUSTOMER_PREFIX
from workers.store import (
    attempts,
    dead_letters,
    inbox,
    ledger,
    payments,
    references,
    waiting,
)

if TYPE_CHECKING:
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

WAITING_KINDS = frozenset({FactKind.REFUND, FactKind.REFUND_TOTAL, FactKind.DISPUTE})
"""Facts that are about a capture, and may be heard of before it."""


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
    letters: list[dead_letters.Letter] = field(default_factory=list)
    attempts: list[attempts.Attempt] = field(default_factory=list)
    waiting: list[waiting.Waiting] = field(default_factory=list)
    captured: list[int] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    raised: list[int] = field(default_factory=list)

    def change(self, work: Work, heard: Heard, known: Known, change: Change) -> Known:
        """Take up what an event changes; return the payment as it stands after it."""
        assert isinstance(heard.said, ProviderEvent)  # noqa: S101 - refusals change nothing
        self.facts.extend(_stored(known, change, work.event_id))
        steps = _steps(work, heard.said.type, known, change)
        self.steps.extend(steps)
        self.postings.extend(_posting(work, known, movement) for movement in change.movements)
        if change.after.waiting and any(fact.kind in WAITING_KINDS for fact in change.facts):
            self.waiting.append(waiting.Waiting(known.payment_id, work.event_id, work.received_at))
        if known.position.waiting and not change.after.waiting:
            self.captured.append(known.payment_id)
        after = replace(
            known,
            version=steps[-1].version,
            head_hash=steps[-1].hash,
            facts=(*known.facts, *change.facts),
            position=change.after,
        )
        if heard.said.provider_reference is not None:
            alias = references.Alias(
                work.source, work.account, heard.said.provider_reference, known.payment_id
            )
            self.aliases[alias] = None
        before = self.moved.get(known.payment_id)
        named = before.provider_reference if before else None
        self.moved[known.payment_id] = payments.Moved(
            before.before_version if before else known.version,
            after,
            named or heard.said.provider_reference,
        )
        return after

    def bury(self, work: Work, heard: Heard, burial: Burial) -> None:
        """Set the event aside, with the attempt that ended so."""
        letter = letter_for(work, heard, burial)
        self.letters.append(letter)
        self.note(work, "dead", letter)

    def note(self, work: Work, outcome: str, letter: dead_letters.Letter | None = None) -> None:
        """Record how the attempt ended where nothing else says it."""
        self.attempts.append(
            attempts.Attempt(
                work.event_id,
                work.attempts + 1,
                work.now,
                self.worker,
                outcome,
                letter.error_class if letter else None,
                letter.fingerprint if letter else None,
                letter.message if letter else None,
                work.replay_id,
            )
        )

    def write(self, tx: Transaction) -> None:
        """Write everything, in the one order that locks and triggers expect."""
        payments.add_facts(tx, self.facts)
        payments.add_steps(tx, self.steps)
        payments.save(tx, list(self.moved.values()))
        references.remember(tx, list(self.aliases))
        ledger.post(tx, self.postings)
        self._count_credit()
        attempts.record(tx, self.attempts)
        waiting.note(tx, self.waiting)
        came = waiting.clear(tx, self.captured)
        dead_letters.resolve(tx, came, actor=dead_letters.SYSTEM, reason="the capture came")
        dead_letters.resolve(
            tx, self.raised, actor=dead_letters.SYSTEM, reason="the event went through"
        )
        dead_letters.bury(tx, self.letters)
        inbox.finish(tx, self.finished)

    def _count_credit(self) -> None:
        for posting in self.postings:
            for leg in posting.movement.legs:
                if leg.account.startswith(CUSTOMER_PREFIX):
                    self.tally.credit_minor[leg.currency] += leg.amount_minor


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


def _steps(work: Work, event_type: str, known: Known, change: Change) -> list[payments.Step]:
    steps = []
    head = known.head_hash
    for version, edge in enumerate(change.edges, start=known.version + 1):
        step = payments.Step(
            known.payment_id,
            version,
            edge.from_state,
            edge.event,
            edge.to_state,
            work.event_id,
            f"provider:{work.source}",
            f"{event_type}: {change.contradiction}" if change.contradiction else event_type,
            change.after.captured_minor,
            change.after.refunded_minor,
            change.after.disputed_minor,
            work.now,
            head,
            b"",
        )
        head = audit.link(head, audit_fields(step))
        steps.append(step._replace(hash=head))
    return steps


def audit_fields(step: payments.Step) -> list[str | int | None]:
    """Return what a step's hash covers: all of it but the hashes; the time in microseconds."""
    return [
        *step[:11],
        int(step.at.timestamp()) * 1_000_000 + step.at.microsecond,
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


def letter_for(work: Work, heard: Heard | None, burial: Burial) -> dead_letters.Letter:
    """Return the dead letter of an event; where its body could not be read, of what is known."""
    said = heard.said if heard and isinstance(heard.said, ProviderEvent) else None
    amounts = [fact.amount for fact in said.facts if fact.amount] if said else []
    event_type = said.type if said else "unread"
    return dead_letters.Letter(
        work.event_id,
        work.received_at,
        work.source,
        work.account,
        event_type,
        said.reference if said else None,
        said.provider_reference if said else None,
        burial.reason,
        burial.error_class,
        fingerprint(work.source, event_type, burial.reason, burial.error_class, burial.message),
        burial.message,
        amounts[0].amount_minor if amounts else None,
        amounts[0].currency if amounts else None,
        work.attempts + 1,
    )
