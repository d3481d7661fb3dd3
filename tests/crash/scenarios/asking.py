"""Accounts are reconciled, events that prove nothing are asked about, replays are rehearsed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.facts import FactStatus
from tests.calling.test_refetch import NAMELESS
from tests.crash import settling
from tests.crash.scenario import Scenario
from tests.crash.scenarios.replays import wrong
from tests.replaying.pile import ADA
from tests.workers.reconciling import charge, transaction
from workers import reconcile
from workers.replaying.edits import Edit, changed, preview
from workers.replaying.rehearsal import rehearse
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from tests.crash.world import World

NUDGE = b'{"webhook_type":"TRANSFER","webhook_code":"TRANSFER_EVENTS_UPDATE"}'
FLUTTERWAVE = "flutterwave-v3"
STEPS_MAX = 12


def _differing(world: World) -> None:
    """One payment as its provider lists it, one that was missed, and one that is not listed."""
    desk = world.desk
    desk.pay("p1")
    desk.initialize("p2")
    world.provider.pay("p2")
    desk.make_known("p4")
    desk.apply(desk.receive(charge(transaction(4)), source="paystack"))
    desk.execute("""
        SET session_replication_role = replica;
        UPDATE payment_facts SET created_at = created_at - interval '5 hours';
        SET session_replication_role = origin
    """)


def _reconcile(world: World) -> None:
    """The relay begins a run, and workers take its steps until it ends."""
    reconcile.begin_due(world.desk.database, every_s=86_400)
    for _ in range(STEPS_MAX):
        if not settling.left(world):
            return
        settling.later(world)
        settling.work(world, worker="test")


def _without_key(world: World) -> None:
    """A run of an account that nobody can ask fails."""
    reconcile.begin_due(world.desk.database, every_s=86_400)
    world.provider.name = "another"
    settling.work(world, worker="test")


def _away(world: World) -> None:
    """A provider that is away when its list is asked for."""
    reconcile.begin_due(world.desk.database, every_s=86_400)
    world.provider.goes["page"] = ["away"]
    settling.work(world, worker="test")


def _let_go(world: World) -> None:
    """A run whose row is gone by the time its command is taken up."""
    _differing(world)
    reconcile.begin_due(world.desk.database, every_s=86_400)
    world.desk.execute("DELETE FROM reconciliation_runs")


def _work(world: World) -> None:
    settling.work(world, worker="test")


def _nameless(world: World) -> None:
    desk = world.desk
    world.provider.names_refunds = False
    desk.given_refund()
    world.provider.end_refunds("p1", FactStatus.SUCCEEDED)
    desk.receive(NAMELESS, source="paystack", reference="p1")
    body = {"event": "charge.completed", "data": {"id": 7, "tx_ref": "x1", "status": "successful"}}
    desk.receive(json.dumps(body).encode(), source=FLUTTERWAVE, reference="x1")
    desk.receive(NUDGE, source="plaid")


def _ask(world: World) -> None:
    """Events are applied that prove nothing, and their providers are asked."""
    world.provider.names_refunds = False
    settling.work(world, worker="test")
    settling.work(world, worker="test")


def _rehearse(world: World) -> None:
    database = world.desk.database
    rehearse(database, Wanted(), actor=ADA)
    letter_id = world.desk.value("SELECT id FROM dead_letters")
    body = changed(database, letter_id, [("data.reference", "p1")])
    preview(database, Edit(letter_id, body, ADA, "look"))


SCENARIOS = (
    Scenario("an account is reconciled", _reconcile, _differing),
    Scenario("an account cannot be reconciled", _without_key, _differing),
    Scenario("an account whose provider is away", _away, _differing),
    Scenario("a run that was let go", _work, _let_go),
    Scenario("what proves nothing is asked about", _ask, _nameless),
    Scenario("a replay is rehearsed", _rehearse, wrong),
)
