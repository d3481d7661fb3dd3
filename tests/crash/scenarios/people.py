"""People decide: corrections, losses, refunds given up, letters, and what needs a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.announcement import Announcement
from domain.errors import PayratchetError
from domain.money import Money
from domain.operators import Role
from domain.transitions import State
from tests.crash.scenario import Scenario
from tests.operations import people
from tests.replaying.pile import ADA
from tests.workers.scene import PROVIDER, body, capture
from workers import approving, claiming, correcting, limiting, unproven, writing_off
from workers.performers import PERFORMERS
from workers.store import letter_acts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.crash.world import World
    from workers.database import Transaction

BEN = "operator:ben"
WHY = "the payer called"


def done_once(do: Callable[[], object]) -> str:
    """Do it; a person who is told that it is done already knows that it is done."""
    try:
        do()
    except PayratchetError:
        return "done"
    return "done"


def _always(_: Mapping[str, int]) -> bool:
    return True


def _odd(world: World) -> None:
    world.desk.announce("p1", "p2")
    world.desk.hear(capture("p1", 1_250))
    people.appoint(world.url, "ada")
    people.appoint(world.url, "ben", Role.APPROVER)


def _correct(world: World) -> None:
    database = world.desk.database
    world.ask(
        "correct",
        lambda: done_once(
            lambda: correcting.correct(database, "p1", State.COMPLETED, actor=ADA, reason=WHY)
        ),
    )


def _two_correct(world: World) -> None:
    """One asks, another agrees."""
    database = world.desk.database
    world.ask(
        "ask",
        lambda: (
            correcting.correct(
                database, "p1", State.COMPLETED, actor=ADA, reason=WHY, needs_second=_always
            ).approval_id
        ),
    )
    world.ask("agree", lambda: done_once(lambda: _approve(world)))


def _approve(world: World) -> None:
    approval_id = world.desk.value("SELECT min(id) FROM approvals")
    approving.approve(
        world.desk.database, approval_id, actor=BEN, reason="seen", performers=PERFORMERS
    )


def _asked(world: World) -> None:
    _odd(world)
    database = world.desk.database
    for reason in (State.COMPLETED, State.REFUNDED):
        correcting.correct(database, "p1", reason, actor=ADA, reason=WHY, needs_second=_always)


def _reject(world: World) -> None:
    """One question is refused, and nobody decides the other in time."""
    first, second = (row[0] for row in world.desk.rows("SELECT id FROM approvals ORDER BY id"))
    database = world.desk.database

    def refuse() -> None:
        approving.reject(database, first, actor=BEN, reason="no", performers=PERFORMERS)

    world.ask("refuse", lambda: done_once(refuse))
    world.desk.execute(f"""
        SET session_replication_role = replica;
        UPDATE approvals SET expires_at = now() - interval '1 s' WHERE id = {second};
        SET session_replication_role = origin
    """)
    approving.expire_overdue(database, PERFORMERS)


def _spent(world: World) -> None:
    _odd(world)
    desk = world.desk
    desk.hear(capture("p2"))
    desk.hear(body("refund.succeeded", "p2", "R2", amount_minor=1_000, currency="NGN"))
    desk.hear(body("dispute.lost", "p2", "D2", amount_minor=1_000, currency="NGN"))


def _write_off(world: World) -> None:
    database = world.desk.database
    world.ask(
        "write off",
        lambda: done_once(
            lambda: writing_off.write_off(database, "p2", actor=ADA, reason="it is lost")
        ),
    )


def _in_doubt(world: World) -> None:
    world.desk.given_refund(*["forbidden"] * 9)
    for event_id in world.desk.owed():
        world.desk.perform(event_id)


def _give_up(world: World) -> None:
    database = world.desk.database
    world.ask(
        "give up",
        lambda: done_once(lambda: unproven.fail(database, "rf1", actor=ADA, reason="never made")),
    )


def _suspense(world: World) -> None:
    world.desk.hear(capture("p5", 700))


def _claim(world: World) -> None:
    wanted = [Announcement("p5", PROVIDER, Money("NGN", 700), "ada")]
    database = world.desk.database
    world.ask(
        "claim",
        lambda: done_once(lambda: claiming.claim(database, wanted, actor=ADA, reason=WHY)),
    )


def _letters(world: World) -> None:
    world.desk.hear(capture("p7"), capture("p8"))


def _act(world: World, name: str, act: Callable[[Transaction], object]) -> None:
    def do() -> str:
        with world.desk.database.transaction() as tx:
            act(tx)
        return "done"

    world.ask(name, do)


def _decide_letters(world: World) -> None:
    ids = [row[0] for row in world.desk.rows("SELECT id FROM dead_letters ORDER BY id")]
    by = {"actor": ADA, "reason": WHY}
    _act(world, "assign", lambda tx: letter_acts.assign(tx, ids, "ben", **by))
    _act(world, "discard", lambda tx: letter_acts.discard(tx, ids, **by))
    _act(world, "reopen", lambda tx: letter_acts.reopen(tx, ids[:1], **by))


def _limit(world: World) -> None:
    database = world.desk.database
    world.ask("limit", lambda: done_once(lambda: limiting.settle(database, "NGN=5000", actor=ADA)))


SCENARIOS = (
    Scenario("a person corrects a payment", _correct, _odd),
    Scenario("two people correct a payment", _two_correct, _odd),
    Scenario("questions are refused or expire", _reject, _asked),
    Scenario("a loss is written off", _write_off, _spent),
    Scenario("a refund is given up", _give_up, _in_doubt),
    Scenario("money in suspense is claimed", _claim, _suspense),
    Scenario("letters are decided upon", _decide_letters, _letters),
    Scenario("the limit of one person is set", _limit),
)
