"""A case: one command, and all that is known about it under the locks of one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain import captures
from domain.asking import Asking, RefundAsking
from domain.commands import OBJECT_PREFIX
from domain.delivery import Mode, ProviderEvent
from domain.errors import Permanent
from domain.facts import Fact, FactKind, FactStatus
from domain.judgement import Heard
from domain.money import Money
from workers.store import modes, payments, provider_calls, refunds

if TYPE_CHECKING:
    from domain.asking import Told
    from domain.commands import Command
    from domain.judgement import Known
    from domain.refunds import Refund
    from domain.tries import Try
    from workers.clients.client import ProviderClient
    from workers.database import Transaction
    from workers.store.inbox import Work

NO_MONEY = Money("USD", 0)
"""What is asked about where nobody announced an amount: it is not looked at."""

NAMING = frozenset({FactKind.INITIALIZED, FactKind.SUCCEEDED, FactKind.FAILED})
"""Facts whose object is the payment itself, as the provider calls it."""


class NothingCaptured(Permanent):
    """A refund of a payment of which no capture is known."""


@dataclass(frozen=True, slots=True)
class Case:
    """The work row and the payment are locked. `known` is None where nobody announced it.

    `siblings` are the payment's other refunds. `client` is None where no key of the account is set
    here.
    """

    work: Work
    command: Command
    known: Known | None
    details: payments.Details
    refund: refunds.Asked | None
    siblings: tuple[Refund, ...]
    tries: tuple[Try, ...]
    client: ProviderClient | None

    @property
    def debt(self) -> str:
        """Return what only one call at a time may be about."""
        return provider_calls.debt_of(self.command)

    @property
    def payment_id(self) -> int | None:
        """Return the payment's id, where it is announced."""
        return self.known.payment_id if self.known else None

    @property
    def keys_live_s(self) -> float:
        """Return for how long the provider takes equal calls for one; 0 where it never does."""
        return self.client.keys_live_s if self.client else 0.0

    @property
    def amount(self) -> Money | None:
        """Return the money that the command is about."""
        if self.refund is not None:
            return self.refund.refund.amount
        return self.known.asked.amount if self.known else None

    def asking(self) -> Asking:
        """Return the payment as its provider is asked about it."""
        known, command = self.known, self.command
        return Asking(
            command.reference,
            known.asked.amount if known else NO_MONEY,
            known.asked.customer_id if known else "",
            self._names(),
            command.email,
            command.callback_url,
            command.object_id,
        )

    def _names(self) -> tuple[str, ...]:
        facts = self.known.facts if self.known else ()
        names = [fact.object_id for fact in facts if fact.kind in NAMING]
        if self.details.provider_reference is not None:
            names.insert(0, self.details.provider_reference)
        return tuple(dict.fromkeys(name for name in names if name != self.command.reference))

    def refund_asking(self) -> RefundAsking:
        """Return the refund as the provider is asked for it. Raises NothingCaptured."""
        assert self.refund is not None  # noqa: S101 - a refund's case has one
        refund = self.refund.refund
        reason = self.refund.reason
        return RefundAsking(
            self.asking(), refund.reference, refund.amount, self._capture_id(), reason
        )

    def _capture_id(self) -> str:
        """Return the transaction that the customer's money came by."""
        known = self.known
        assert known is not None  # noqa: S101 - refunds belong to payments
        money = [fact for fact in known.facts if fact.kind is FactKind.SUCCEEDED]
        taken = captures.count(known.asked, money)
        found = next(iter((*taken.owned, *taken.counted)), None)
        if found is None:
            raise NothingCaptured(known.reference)
        return found

    def heard(
        self, facts: tuple[Fact, ...], told: Told | None = None, mode: str = "", *, why: str = ""
    ) -> Heard:
        """Return what was told as if it had been heard by a webhook of that provider.

        `why` goes into the payment's history beside the command's kind.
        """
        command = self.command
        said = ProviderEvent(
            f"{command.kind}: {why}" if why else command.kind,
            None if command.reference.startswith(OBJECT_PREFIX) else command.reference,
            facts,
            told.mode if told else None,
            told.provider_reference if told else None,
        )
        return Heard(
            self.work.event_id,
            command.provider,
            command.account,
            Mode(mode) if mode else None,
            self.work.replay_id is not None,
            said,
        )


def unheard(case: Case) -> Fact:
    """Return that nothing was heard, as this command has found: another may find it again."""
    assert case.known is not None  # noqa: S101 - of nobody's payment nothing is expected
    named = f"{case.known.reference}:{case.work.event_id}"
    return Fact(FactKind.UNHEARD, named, FactStatus.KNOWN)


def look(tx: Transaction, work: Work, command: Command, client: ProviderClient | None) -> Case:
    """Return the case, its payment locked. The caller holds the work row."""
    known = payments.lock(tx, [command.reference]).get(command.reference)
    if known is not None and (known.asked.provider, known.account) != (
        command.provider,
        command.account,
    ):
        known = None
    details = payments.Details(None, None)
    asked: list[refunds.Asked] = []
    if known is not None:
        details = payments.details(tx, known.payment_id)
        if command.refund is not None:
            asked = refunds.of_payments(tx, [known.payment_id]).get(known.payment_id, [])
    refund = next((each for each in asked if each.refund.reference == command.refund), None)
    siblings = tuple(each.refund for each in asked if each is not refund)
    tries = tuple(provider_calls.tries(tx, work.event_id))
    return Case(work, command, known, details, refund, siblings, tries, client)


def pinned_mode(tx: Transaction, case: Case, told: Told) -> str:
    """Return the world of the account, pinned by the first answer that names one; or ""."""
    if told.mode is None:
        return ""
    command, event_id = case.command, case.work.event_id
    return modes.pin(tx, command.provider, command.account, mode=told.mode, event_id=event_id)
