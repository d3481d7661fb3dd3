"""Judge one inbound event: what becomes of it, given what is known of its payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain import ledger
from domain.decide import Change, decide
from domain.delivery import Hearsay
from domain.errors import IllegalTransition, Permanent
from domain.facts import Fact, FactKind, FactStatus
from domain.ledger import Leg, Movement
from domain.payment import BY_PERSON
from domain.transitions import State

if TYPE_CHECKING:
    from domain.delivery import Mode, ProviderEvent, Said
    from domain.payment import Asked, Position


@dataclass(frozen=True, slots=True)
class Heard:
    """An inbound event, and what its adapter made of its body: words of ours, or a refusal.

    `mode` is the world this account is in, or None while nobody knows.
    `replayed` says that the event has died before and is given another try.
    """

    event_id: int
    source: str
    account: str
    mode: Mode | None
    replayed: bool
    said: Said | Permanent


@dataclass(frozen=True, slots=True)
class Known:
    """A payment as it stands: the caller holds its row lock."""

    payment_id: int
    reference: str
    asked: Asked
    account: str
    version: int
    head_hash: bytes
    facts: tuple[Fact, ...]
    position: Position

    def moved(self, change: Change, *, version: int, head_hash: bytes) -> Known:
        """Return the payment after the change; its history then ends in that version and hash."""
        return Known(
            self.payment_id,
            self.reference,
            self.asked,
            self.account,
            version,
            head_hash,
            (*self.facts, *change.facts),
            change.after,
        )


@dataclass(frozen=True, slots=True)
class Burial:
    """Why an event becomes a dead letter: `reason` is its class, `message` for a person."""

    reason: str
    error_class: str
    message: str


MISSING_CAPTURE = Burial(
    "missing_capture",
    "MissingCapture",
    "a refund or dispute is known, but not the capture that it is about",
)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A type that we do not use. Kept, and replayable after an upgrade."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Everything it says was known. Nothing is written but that it was heard."""


@dataclass(frozen=True, slots=True)
class Changed:
    """It moves its payment; when it also contradicts, it is set aside for a person to see."""

    change: Change
    burial: Burial | None = None


@dataclass(frozen=True, slots=True)
class Buried:
    """It has no effect on any payment; money it brings waits in suspense."""

    burial: Burial
    unclaimed: tuple[Movement, ...] = ()


Verdict = Ignored | Unchanged | Changed | Buried


def judge(heard: Heard, known: Known | None, *, owner: str | None = None) -> Verdict:
    """Return what becomes of the event. Pure; the caller writes it, whole, or not at all.

    `owner` is the reference of the payment whose money the provider's transaction is already:
    one transaction pays for one payment, whatever a later event says.
    """
    said = heard.said
    if isinstance(said, Permanent):
        return Buried(Burial(said.code, type(said).__name__, str(said)))
    if said.mode is not None and heard.mode is not None and said.mode is not heard.mode:
        message = f"a {said.mode} event on an account that is {heard.mode}"
        return Buried(Burial("mode_mismatch", "ModeMismatch", message))
    if isinstance(said, Hearsay):
        return _unproven(said, known)
    return _proven(heard, said, known, owner) if said.facts else Ignored()


def _proven(heard: Heard, said: ProviderEvent, known: Known | None, owner: str | None) -> Verdict:
    paid = known.reference if known else said.reference
    if owner not in (None, paid) and _brings_money(said):
        return Buried(_owned(said, owner))
    if known is None:
        return Buried(_unknown(said), _unclaimed(heard, said))
    return _move(heard, said, known)


def _unproven(said: Hearsay, known: Known | None) -> Verdict:
    """Have the provider asked: its answer moves what it moves.

    A payment of which the provider itself has spoken is under way from then on, named by our own
    reference. Not even that is taken from what anybody may have written: who guesses references
    would send them all to a person in the end.
    """
    if said.reference is None and said.object_id is None and not said.is_nudge:
        return Buried(Burial("unknown_reference", "UnknownReference", "the event names no payment"))
    if not said.is_signed or known is None or known.position.state != State.PENDING:
        return Unchanged()
    fact = Fact(FactKind.INITIALIZED, known.reference, FactStatus.KNOWN)
    return Changed(decide(known.asked, known.position, known.facts, (fact,), version=known.version))


def _move(heard: Heard, said: ProviderEvent, known: Known) -> Verdict:
    try:
        change = decide(known.asked, known.position, known.facts, said.facts, version=known.version)
    except IllegalTransition as illegal:
        return Buried(Burial(illegal.code, "IllegalTransition", str(illegal)))
    if change.contradiction is not None:
        return Changed(change, _mismatch(known, change.contradiction))
    if change.facts:
        return Changed(change)
    open_still = known.position.contradictions - {BY_PERSON}
    if heard.replayed and open_still:
        return Buried(_mismatch(known, ", ".join(sorted(open_still))))
    if heard.replayed and any(f.object_id in known.position.waiting for f in said.facts):
        return Buried(MISSING_CAPTURE)
    return Unchanged()


def _brings_money(said: ProviderEvent) -> bool:
    return any(fact.kind is FactKind.SUCCEEDED for fact in said.facts)


def _owned(said: ProviderEvent, owner: str | None) -> Burial:
    message = f"'{said.provider_reference}' pays for '{owner}', not also for '{said.reference}'"
    return Burial("mismatch", "TransactionOwned", message)


def _mismatch(known: Known, contradiction: str) -> Burial:
    asked = known.asked.amount
    return Burial(
        "mismatch",
        "Mismatch",
        f"{contradiction}: '{known.reference}' was asked for "
        f"{asked.amount_minor} {asked.currency} (minor units)",
    )


def _unknown(said: ProviderEvent) -> Burial:
    named = said.reference or said.provider_reference
    message = f"no payment is announced as '{named}'" if named else "the event names no payment"
    return Burial("unknown_reference", "UnknownReference", message)


def unclaimed_id(heard: Heard, fact: Fact) -> str:
    """Name money that nobody has claimed by what its provider calls it."""
    amount = f"{fact.amount.amount_minor} {fact.amount.currency}" if fact.amount else ""
    return f"{unclaimed_stem(heard, fact)}{amount}"


def unclaimed_stem(heard: Heard, fact: Fact) -> str:
    """Return how the names begin of all that was claimed of one transaction: its amount follows."""
    return f"{heard.source}:{heard.account}:{fact.object_id}:"


def _unclaimed(heard: Heard, said: ProviderEvent) -> tuple[Movement, ...]:
    """Hold money for a payment nobody announced in suspense, until somebody does."""
    return tuple(
        Movement(
            "unclaimed",
            unclaimed_id(heard, fact),
            (
                Leg(
                    ledger.provider_clearing(heard.source),
                    -fact.amount.amount_minor,
                    fact.amount.currency,
                ),
                Leg(ledger.SUSPENSE, fact.amount.amount_minor, fact.amount.currency),
            ),
        )
        for fact in said.facts
        if fact.kind is FactKind.SUCCEEDED and fact.amount is not None and fact.amount.amount_minor
    )


def release(held: Movement) -> Movement:
    """Return the movement that gives unclaimed money back, when its payment has been announced."""
    legs = tuple(Leg(leg.account, -leg.amount_minor, leg.currency) for leg in held.legs)
    return Movement("unclaimed_release", held.object_id, legs)
