"""Events are applied: batches, alone after a failure, buried, healed, in quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.announcement import Announcement
from domain.money import Money
from tests.crash import settling
from tests.crash.scenario import Scenario
from tests.ingress.serving import charge
from tests.workers.scene import PROVIDER, body, capture, refund
from workers import sweeps
from workers.announce import announce
from workers.apply import apply_events

if TYPE_CHECKING:
    from tests.crash.world import World

MONEY = Money("NGN", 1_000)


def announced(world: World, *references: str, customer_id: str = "ada") -> None:
    asked = [Announcement(each, PROVIDER, MONEY, customer_id) for each in references]
    announce(world.desk.database, asked, actor="operator:test")


def _everything(world: World) -> None:
    """A batch in which every kind of fact finds what it is about, or does not."""
    desk = world.desk
    announced(world, "p1", "p2", "p3", "p4")
    for content in (
        capture("p1"),
        refund("p1", 400),
        capture("p2"),
        body("dispute.opened", "p2", "D2", amount_minor=1_000, currency="NGN"),
        capture("p3", 1_234),
        refund("p4", 100, "R4"),
        capture("p5", 700),
        b"{}",
        body("something.else", "p1"),
    ):
        desk.receive(content)
    desk.receive(charge(7), source="paystack")


def _apply(world: World) -> None:
    apply_events(world.desk.database, world.desk.owed(), worker="test")


def _broken(world: World) -> None:
    announced(world, "p1", "p2")
    world.desk.receive(capture("p1"))
    world.desk.receive(capture("p2"))
    world.desk.break_for("p2", "RAISE EXCEPTION 'broken'")


def _broken_often(world: World) -> None:
    """One event more failure of which is its death."""
    _broken(world)
    for _ in range(4):
        settling.later(world)
        _apply(world)
    world.desk.receive(capture("p3"))


def _heal(world: World) -> None:
    """Payments become known whose events came before them."""
    _ = world.ask("announce", lambda: announced(world, "p5", "p6"))
    settling.turn(world)


def _unknown(world: World) -> None:
    announced(world, "p1")
    world.desk.hear(capture("p5", 1_000), capture("p6", 900), refund("p5", 100, "R5"))


def _waiting(world: World) -> None:
    """A refund whose capture has not come for so long that it is a letter; then it comes."""
    desk = world.desk
    announced(world, "p1")
    desk.hear(refund("p1", 100))
    desk.execute("UPDATE waiting_captures SET since = since - interval '2 days'")
    sweeps.bury_overdue(desk.database)
    desk.receive(capture("p1"))


SCENARIOS = (
    Scenario("the capture comes after its refund", _apply, _waiting),
    Scenario("apply a batch", _apply, _everything),
    Scenario("apply alone what fails", _apply, _broken),
    Scenario("bury what fails for the last time", _apply, _broken_often),
    Scenario("announce what has come already", _heal, _unknown),
)
