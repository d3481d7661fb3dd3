"""A service that asks a provider: order commands, perform them, and look at the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.announcement import Announcement
from domain.calls import REFUND_SHOWS_S
from domain.commands import Command, CommandKind
from domain.money import Money
from domain.refunds import hold
from domain.tries import LIVE_S_MAX
from tests.workers.replayed import Replayed, replay
from tests.workers.scene import Scene
from workers.announce import announce
from workers.broker import connect
from workers.calling.perform import perform
from workers.commands import enqueue
from workers.lock import Locks
from workers.replaying.reopening import reopen
from workers.store import housekeeping, ledger
from workers.verify import verify

if TYPE_CHECKING:
    from tests.calling.provider import How, Provider
    from workers.clients.registry import Clients

PAYSTACK = "paystack"


class Desk(Scene):
    """A scene with commands."""

    def __init__(self, url: str, redis_url: str, provider: Provider) -> None:
        super().__init__(url)
        self.provider = provider
        self.over_http: Clients | None = None
        self.redis = connect(redis_url)
        self.locks = Locks(self.redis)

    def close(self) -> None:
        self.redis.close()
        super().close()

    def make_known(
        self, *references: str, amount_minor: int = 1_000, provider: str = PAYSTACK
    ) -> None:
        money = Money("NGN", amount_minor)
        asked = [
            Announcement(each, provider, money, "ada", client_id="shop") for each in references
        ]
        announce(self.database, asked, actor="client:shop")

    def ask_payment(self, reference: str = "p1", *, provider: str = PAYSTACK) -> int:
        """Do what the API does: keep the payment, order the command."""
        self.make_known(reference, provider=provider)
        return self.order(CommandKind.INITIALIZE, reference, provider=provider)

    def given_initialize(self, *goes: How) -> int:
        """Have a payment asked for and its command performed once; return the command.

        `goes` says how the calls go, one after the other; those that are left are still to come.
        """
        event_id = self.ask_payment()
        self.provider.goes["initialize"] = list(goes)
        self.perform(event_id)
        return event_id

    def order(
        self,
        kind: CommandKind,
        reference: str = "p1",
        *,
        actor: str = "client:shop",
        number: str = "",
        refund: str | None = None,
        provider: str = PAYSTACK,
    ) -> int:
        command = Command(kind, provider, "default", reference, actor, number=number, refund=refund)
        with self.database.transaction() as tx:
            [event_id] = enqueue(tx, [command], request_id="r1")
        return event_id

    def perform(self, event_id: int, provider: Provider | None = None) -> str:
        """Perform a command whose time has come, whatever it was told to wait for."""
        self.execute(
            "UPDATE inbound_work SET next_at = now() WHERE event_id = %s AND next_at > now()"
            " AND attempts > 0 AND enqueues = 0",
            [event_id],
        )
        return self.ring(event_id, provider)

    def ring(self, event_id: int, provider: Provider | None = None) -> str:
        """Perform a command as a worker does that is rung for it, even too early."""
        clients = provider or self.over_http or self.provider
        return str(perform(self.database, clients, self.locks, event_id, worker="test"))

    def do(self, kind: CommandKind, reference: str = "p1", **about: str) -> str:
        return self.perform(self.order(kind, reference, **about))

    def initialize(self, reference: str = "p1") -> str:
        """Announce a payment and hand it over."""
        self.make_known(reference)
        return self.do(CommandKind.INITIALIZE, reference)

    def pay(self, reference: str = "p1") -> None:
        """Have the payment handed over, paid and verified."""
        self.initialize(reference)
        self.provider.pay(reference)
        self.do(CommandKind.VERIFY, reference, number="paid")

    def ask_refund(
        self, reference: str, amount_minor: int, payment: str = "p1", *, provider: str = PAYSTACK
    ) -> int:
        """Do what the API does: hold the credit, keep the refund, order the command."""
        money = Money("NGN", amount_minor)
        with self.database.transaction() as tx:
            tx.execute(
                "INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency)"
                " SELECT %s, id, 'shop', %s, 'NGN' FROM payment_logs WHERE reference = %s",
                (reference, amount_minor, payment),
            )
            posting = ledger.Posting(
                hold(reference, "ada", money),
                None,
                None,
                housekeeping.now(tx),
                "refund_hold",
                f"{reference}:hold",
                "shop",
            )
            ledger.post(tx, [posting])
        return self.order(CommandKind.REFUND, payment, refund=reference, provider=provider)

    def given_refund(self, *goes: How, amount_minor: int = 400) -> int:
        """Have a payment paid and its refund rf1 performed once; return the command.

        `goes` says how the calls go, one after the other; those that are left are still to come.
        """
        self.pay()
        event_id = self.ask_refund("rf1", amount_minor)
        self.provider.goes["refund"] = list(goes)
        self.perform(event_id)
        return event_id

    def reopen(self, event_id: int) -> None:
        """Do what an operator does who has mended the cause of a dead letter."""
        reopen(self.database, [self.letter_id(event_id)], actor="operator:ada", reason="try")

    def replay(self, event_id: int) -> Replayed:
        """Reopen a dead letter and wait for what becomes of it."""
        return replay(self.database, [self.letter_id(event_id)], actor="operator:ada", reason="try")

    def refund_status(self, reference: str) -> str:
        status: str = self.value("SELECT status FROM refunds WHERE reference = %s", [reference])
        return status

    def held(self) -> int:
        return self.account("refunds_held")

    def url_of(self, reference: str = "p1") -> str | None:
        query = "SELECT authorization_url FROM payment_logs WHERE reference = %s"
        url: str | None = self.value(query, [reference])
        return url

    def calls(
        self, reference: str = "p1", provider: str = PAYSTACK
    ) -> list[tuple[int, str, str | None]]:
        """Return (fence, kind, outcome) of every call about a payment."""
        rows = self.rows(
            "SELECT fence, kind, outcome FROM provider_calls WHERE debt = %s ORDER BY fence",
            [f"{provider}:default:{reference}"],
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def age_calls(self, seconds: float) -> None:
        """Let all calls have begun so much earlier; only a test may say that."""
        self.execute("SET session_replication_role = replica")
        self.execute(
            "UPDATE provider_calls SET started_at = started_at - make_interval(secs => %s)",
            [seconds],
        )
        self.execute("SET session_replication_role = origin")

    def let_refunds_show(self) -> None:
        """Let so much time go by that a refund would show by now, had a call made it."""
        self.age_calls(REFUND_SHOWS_S + 1)

    def presume_dead(self) -> None:
        """Let whoever calls have called for so long that it must be dead, and its lock run out."""
        self.age_calls(LIVE_S_MAX + 1)
        self.redis.flushdb()

    def problems(self) -> list[str]:
        """Return what verification finds wrong with the record."""
        return verify(self.database).problems
