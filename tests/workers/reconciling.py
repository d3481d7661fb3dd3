"""A provider that lists what a test says, and runs whose commands the test performs."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain import commands
from domain.announcement import Announcement
from domain.asking import Listed, Page, Told
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from workers import reconcile
from workers.announce import announce
from workers.apply import apply_events
from workers.store import inbox
from workers.store.reconciliations import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.asking import Asking
    from tests.workers.scene import Scene
    from workers.clients.client import ProviderClient

PROVIDER = "paystack"
PAGE_ITEMS = 100
STEPS_MAX = 500


def transaction(
    number: int, amount_minor: int = 1_000, *, refunded_minor: int | None = None, **changes: Any
) -> Listed:
    """Return a paid transaction, as the client of its provider lists it."""
    amount = Money("NGN", amount_minor)
    paid = Fact(FactKind.SUCCEEDED, f"{number}", FactStatus.SUCCEEDED, amount)
    listed = Listed(
        f"{number}", f"p{number}", "success", amount, refunded_minor, (paid,), int(time.time())
    )
    return replace(listed, **changes)


@dataclass
class Provider:
    """What a provider answers, in pages; a list may change under the reader, as everywhere.

    `cursors` says where a page leads that ends at an item, for a list that never ends.
    """

    items: list[Listed] = field(default_factory=list)
    unlisted: dict[str, Listed] = field(default_factory=dict)
    failing: list[Exception] = field(default_factory=list)
    looking_fails: list[Exception] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    cursors: Callable[[int], int] | None = None
    before_page: Callable[[], object] = lambda: None
    before_look_up: Callable[[], object] = lambda: None

    name = PROVIDER
    mode = None
    keys_live_s = 0.0
    can_cancel = False

    def page(self, *, since_s: int, until_s: int, cursor: str | None) -> Page:
        assert since_s < until_s
        self.asked.append(cursor)
        if self.failing:
            raise self.failing.pop(0)
        start = int(cursor or 0)
        items = tuple(self.items[start : start + PAGE_ITEMS])
        self.before_page()
        end = start + PAGE_ITEMS
        if self.cursors is not None:
            return Page(items, str(self.cursors(end)))
        return Page(items, str(end) if end < len(self.items) else None)

    def look_up(self, asking: Asking) -> Told:
        self.looked_up.append(asking.reference)
        self.before_look_up()
        if self.looking_fails:
            raise self.looking_fails.pop(0)
        found = self.unlisted.get(asking.reference)
        if found is None:
            return Told(is_known=False, status="not_found")
        return Told(facts=found.facts, status=found.status)

    def initialize(self, asking: Asking, *, key: str) -> Told:
        raise NotImplementedError

    def refund(self, asking: object, *, key: str) -> Told:
        raise NotImplementedError

    def cancel(self, asking: Asking, *, key: str) -> Told:
        raise NotImplementedError


def charge(listed: Listed) -> bytes:
    """Return the webhook that was lost, or what an answer about the transaction amounts to."""
    assert listed.amount is not None
    data = {
        "id": int(listed.object_id),
        "status": "success",
        "reference": listed.reference,
        "amount": listed.amount.amount_minor,
        "currency": listed.amount.currency,
    }
    return json.dumps({"event": "charge.success", "data": data}).encode()


class Runs:
    """Runs of one account, whose commands the test performs."""

    def __init__(self, scene: Scene, provider: Provider) -> None:
        self.scene = scene
        self.provider = provider

    def announce(self, numbers: Sequence[int], amount_minor: int = 1_000) -> None:
        money = Money("NGN", amount_minor)
        asked = [Announcement(f"p{n}", PROVIDER, money, f"customer-{n % 7}") for n in numbers]
        announce(self.scene.database, asked, actor="operator:test")

    def hear(self, listed: Sequence[Listed]) -> None:
        ids = [self.scene.receive(charge(each), source=PROVIDER) for each in listed]
        for start in range(0, len(ids), 200):
            apply_events(self.scene.database, ids[start : start + 200], worker="test")

    def begin(self, *, since_h: float = 24, until_h: float = -1) -> tuple[int, int]:
        now = datetime.now(UTC)
        asked = Asked(
            PROVIDER,
            "default",
            now - timedelta(hours=since_h),
            now - timedelta(hours=until_h),
            "operator:test",
            "a test",
        )
        with self.scene.database.transaction() as tx:
            return reconcile.begin(tx, asked)

    def step(self, event_id: int, client: ProviderClient | None) -> bool:
        return reconcile.step(self.scene.database, client, self.command(event_id), event_id)

    def command(self, event_id: int) -> commands.Command:
        body = self.scene.value("SELECT body FROM inbound_events WHERE id = %s", [event_id])
        return commands.parse(body)

    def finish(self, event_id: int) -> None:
        """Take steps until the run has ended, and answer what it asks meanwhile."""
        for _ in range(STEPS_MAX):
            if not self.step(event_id, self.provider):
                return
            self.answer_questions()
        raise AssertionError("the run did not end")

    def answer_questions(self) -> None:
        """Perform the commands to verify: what the provider knows is heard by the usual path."""
        by_reference = {each.reference: each for each in self.provider.items}
        for event_id in self.questions():
            about = by_reference.get(self.command(event_id).reference)
            if about is not None and about.facts:
                self.hear([about])
            with self.scene.database.transaction() as tx:
                inbox.finish(tx, [event_id])

    def questions(self) -> list[int]:
        return self._owed("verify:")

    def commands(self) -> list[int]:
        return self._owed("reconcile:")

    def _owed(self, kind: str) -> list[int]:
        rows = self.scene.rows(
            "SELECT event_id FROM inbound_work JOIN inbound_dedup USING (event_id)"
            " WHERE source = 'internal' AND starts_with(event_key, %s) ORDER BY event_id",
            [kind],
        )
        return [row[0] for row in rows]

    def row(self, run_id: int) -> dict[str, Any]:
        names = ("status", "examined", "missing_here", "missing_there", "mismatched", "mended")
        [row] = self.scene.rows(
            f"SELECT {', '.join(names)} FROM reconciliation_runs WHERE id = %s", [run_id]
        )
        return dict(zip(names, row, strict=True))

    def items(self, run_id: int) -> list[tuple[Any, ...]]:
        return self.scene.rows(
            "SELECT object_id, verdict, mended, note FROM reconciliation_items"
            " WHERE run_id = %s ORDER BY object_id",
            [run_id],
        )


def backdate(scene: Scene, hours: float) -> None:
    """Let everything that was heard have been heard so long ago."""
    scene.execute("SET session_replication_role = replica")
    scene.execute(
        "UPDATE payment_facts SET created_at = created_at - make_interval(mins => %s)", [hours * 60]
    )
    scene.execute("SET session_replication_role = origin")
