"""What must hold once every fault has healed and nothing is owed any more."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from domain.commands import INTERNAL
from domain.facts import FactStatus
from domain.fold import fold
from domain.ledger import REFUNDS_HELD, SUSPENSE, provider_clearing
from domain.reconciliation import Here, There, Verdict, compare, here, unclaimed_name
from domain.transitions import State
from tests.simulation.at_commit import CAPTURE, AtCommit, customers_minor
from tests.simulation.standing import expected
from tests.simulation.twins.payments import asked
from tests.simulation.violations import require
from tests.simulation.words import ACCOUNT, SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.books import Deal, Net
    from tests.simulation.rows import MovementRow, PaymentRow, RefundRow
    from tests.simulation.world import World

CLEARING = provider_clearing(SOURCE)

EXPECTED_LETTERS = frozenset(
    {"mismatch", "mode_mismatch", "schema", "unknown_reference", "unheard", "provider_refused"}
)
"""Why an event may be with a person in the end: it is wrong, or nobody can know."""


class AtEnd:
    """Holds what the stores have against what truly happened."""

    def __init__(self, world: World, at_commit: AtCommit) -> None:
        self._world = world
        self._memory = world.memory
        self._deals = world.provider.deals
        self._at_commit = at_commit

    def look(self) -> None:
        rescued = dict(self._memory.rescues)
        require(not rescued, "I27 no rescue by a constraint", str(rescued))
        self._nothing_acked_is_lost()
        self._all_is_settled()
        self._answers_are_stable()
        self._customers_have_what_the_ledger_says()
        self._held_is_what_is_open()
        self._unclaimed_is_in_suspense()
        for refund in self._memory.refunds.values():
            self._refund_is_settled(refund)
        for deal in self._deals.values():
            for capture_id in deal.captures:
                self._reconciles(deal, capture_id)
        for row in self._memory.payments.values():
            self._at_commit.look_at(row)
            self._record_is_its_facts(row)
            self._books_are_the_providers(row)
            self._stands_where_it_should(row)

    def _nothing_acked_is_lost(self) -> None:
        kept = Counter(
            event.key for event in self._memory.events.values() if event.source == SOURCE
        )
        for key in self._world.post.sent:
            if key in self._world.post.acked and key not in self._world.post.dropped:
                require(kept[key] > 0, "I1 nothing acknowledged is lost", key)
            require(kept[key] < 2, "I3 an event is kept once", key)

    def _all_is_settled(self) -> None:
        for event_id in self._memory.work:
            require(False, "I2 all is settled in the end", f"event {event_id} is still owed")  # noqa: FBT003
        for row in self._memory.letters.values():
            letter, where = row.letter, f"event {row.letter.event_id}: {row.letter.message}"
            if row.status == "resolved":
                continue
            require(row.status == "open", "I2 all is settled in the end", where)
            is_known = letter.reference in self._memory.ids
            if letter.reason == "refetch_required":
                about = self._memory.events[letter.event_id].reference
                require(about not in self._memory.ids, "I2 a letter has its reason", where)
                continue
            is_expected = letter.reason in EXPECTED_LETTERS
            require(is_expected, "I2 a letter has its reason", f"{where} ({letter.reason})")
            unknown = letter.reason == "unknown_reference"
            require(not (unknown and is_known), "I2 a letter has its reason", where)

    def _refund_is_settled(self, row: RefundRow) -> None:
        """A refund ends as it ended there, unless nobody can know and a person was told."""
        made = [
            each
            for deal in self._deals.values()
            for each in deal.refunds.values()
            if each.asked_as == row.reference
        ]
        where = f"{row.reference} is {row.status}, there {[str(each.status) for each in made]}"
        if row.is_settled:
            bounced = any(each.status is FactStatus.FAILED for each in made)
            fits = bounced or (row.status == "succeeded") is bool(made)
            require(fits, "I5 a refund ends as it did there", where)
            return
        payment = self._memory.payments[row.payment_id]
        key = (INTERNAL, "default", f"refund:{payment.reference}:{row.reference}")
        letter = self._memory.letters.get(self._memory.dedup[key])
        is_told = letter is not None and letter.status == "open"
        require(is_told, "I2 all is settled in the end", where)

    def _answers_are_stable(self) -> None:
        taken: Counter[str] = Counter()
        for (key, body), answers in self._world.clients.heard.items():
            where = f"{key}, {body}: {sorted(answers)}"
            require(len(answers) == 1, "I9 the same key has the same answer", where)
            taken[key] += answers != {"422"}
            require(taken[key] < 2, "I10 another body is refused", where)

    def _customers_have_what_the_ledger_says(self) -> None:
        ledger = customers_minor(self._memory)
        for owner, balance in self._memory.balances.items():
            same = balance.balance_minor == ledger[owner]
            require(same, "I4 a balance is its ledger's sum", f"{owner}: {balance}")

    def _held_is_what_is_open(self) -> None:
        held = sum(
            leg.amount_minor
            for row in self._memory.books.values()
            for leg in row.legs
            if leg.account == REFUNDS_HELD
        )
        refunds = self._memory.refunds.values()
        open_minor = sum(r.amount.amount_minor for r in refunds if not r.is_settled)
        require(held == open_minor, "I4 held is what is open", f"{held}, not {open_minor}")

    def _reconciles(self, deal: Deal, capture_id: str) -> None:
        """A reconciliation would find nothing to tell of a transaction."""
        amount, memory = deal.captures[capture_id], self._memory
        refunded_minor = deal.total_minor(capture_id) if len(deal.captures) == 1 else None
        listed = There(capture_id, deal.reference, "success", amount, refunded_minor)
        payment_id = memory.ids.get(deal.reference)
        if payment_id is None:
            name = unclaimed_name(SOURCE, ACCOUNT, capture_id, amount)
            waits = memory.books.get((None, "unclaimed", name))
            found = Here(posted_minor=_at_provider([waits] if waits else []))
        else:
            posted = [
                row
                for (of, effect, object_id), row in memory.books.items()
                if of == payment_id
                and effect in CAPTURE
                and object_id.partition("@")[0] == capture_id
            ]
            facts = memory.facts.get(payment_id, ())
            found = here(deal.reference, facts, capture_id, _at_provider(posted))
        verdict, note = compare(listed, found)
        require(verdict is Verdict.EQUAL, "I5 a reconciliation finds nothing", f"{deal.id}: {note}")

    def _unclaimed_is_in_suspense(self) -> None:
        """Money for payments that nobody announced waits in suspense, all of it, once."""
        waits: Counter[str] = Counter()
        for name, row in self._memory.books.items():
            if name[0] is None:
                for leg in row.legs:
                    waits[leg.currency] += leg.amount_minor if leg.account == SUSPENSE else 0
        for reference, deal in self._deals.items():
            if reference not in self._memory.ids:
                for amount in deal.captures.values():
                    waits[amount.currency] -= amount.amount_minor
        left = {currency: minor for currency, minor in waits.items() if minor}
        require(not left, "I5 unclaimed money is in suspense", str(left))

    def _record_is_its_facts(self, row: PaymentRow) -> None:
        position = fold(asked(self._memory, row), self._memory.facts.get(row.id, ()))
        sums = (position.captured_minor, position.refunded_minor, position.disputed_minor)
        stored = (row.captured_minor, row.refunded_minor, row.disputed_minor)
        same = position.state == row.state and sums == stored
        require(same, "I26 the record is what its facts say", f"{row.reference}: {stored}")

    def _books_are_the_providers(self, row: PaymentRow) -> None:
        """What the provider holds by its own books is what ours say that it holds."""
        deal = self._deals.get(row.reference)
        theirs = deal.net() if deal is not None else {}
        given_back: Counter[str] = Counter()
        for decision in self._memory.decisions.get(row.id, ())[-1:]:
            for amount in decision.correction.given_back.values():
                given_back[amount.currency] += amount.amount_minor
        ours = self._cleared(row)
        for currency, minor in given_back.items():
            ours[currency] = ours.get(currency, 0) + minor
        level = {currency: minor for currency, minor in ours.items() if minor}
        where = f"{row.reference}: {level} here, {theirs} there"
        require(level == theirs, "I5 the books are the provider's", where)

    def _cleared(self, row: PaymentRow) -> Net:
        return _at_provider(
            [each for name, each in self._memory.books.items() if name[0] == row.id]
        )

    def _stands_where_it_should(self, row: PaymentRow) -> None:
        """Hold a payment of which nothing is odd against what its deal says, without the fold."""
        deal = self._deals.get(row.reference)
        if row.corrected or deal is None or deal.is_foreign:
            return
        as_asked = [amount for amount in deal.captures.values() if amount == row.amount]
        if as_asked and not row.cancelled:
            credit = self._at_commit.credited_minor(row)
            full = credit == {row.amount.currency: row.amount.amount_minor}
            require(full, "I5 money that came is credited", f"{row.reference}: {credit}")
        places = expected(row, deal)
        fits = places is None or State(row.state) in places
        require(fits, "I5 the state is the provider's", f"{row.reference} is {row.state}")


def _at_provider(rows: Sequence[MovementRow]) -> Net:
    """Return what these movements say that the provider took, by currency."""
    found: Counter[str] = Counter()
    for row in rows:
        for leg in row.legs:
            if leg.account == CLEARING:
                found[leg.currency] -= leg.amount_minor
    return dict(found)
