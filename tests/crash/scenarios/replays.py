"""Dead letters are replayed and edited; events are tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.money_limit import MoneyLimit
from domain.operators import Role
from tests.crash.scenario import Scenario
from tests.crash.scenarios.people import BEN, done_once
from tests.operations import people
from tests.replaying.pile import ADA, NO_LIMIT, pile
from tests.replaying.test_edits import RIGHT, dead
from tests.replaying.test_takeover import dies_in_hand, let_the_lease_run_out
from workers import approving
from workers.performers import PERFORMERS
from workers.replaying import driving, steering
from workers.replaying.again import try_again
from workers.replaying.driving import ReplayThread
from workers.replaying.edits import Edit, edit
from workers.replaying.freezing import Asked, freeze
from workers.replaying.reopening import reopen
from workers.replaying.stepping import Driver, step
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from tests.crash.world import World

LIMIT = MoneyLimit(1)
TURNS = 2


def _pile(world: World) -> None:
    pile(world.desk, 4, unreadable=[3])
    people.appoint(world.url, "ada")
    people.appoint(world.url, "ben", Role.APPROVER)


def _freeze(world: World, limit: MoneyLimit = NO_LIMIT) -> None:
    asked = Asked(
        Wanted(), ADA, "mended", operation_key="o1", rate_per_s=2_000, canary=2, limit=limit
    )
    database = world.desk.database
    for name in ("freeze", "freeze again"):
        world.ask(name, lambda: done_once(lambda: freeze(database, asked)))


def _replay(world: World) -> None:
    """Freeze, and drive to the end, as a command does."""
    _freeze(world)
    replay_id = world.desk.value("SELECT id FROM replay_jobs")
    driving.drive(Driver(world.desk.database, driving.name()), replay_id)


def _steered(world: World) -> None:
    """Freeze, pause, resume, one step, cancel.

    Whoever asks for a step again after one was taken asks for the next: nobody does here.
    """
    _freeze(world)
    database, replay_id = world.desk.database, world.desk.value("SELECT id FROM replay_jobs")
    for name, turn in (("pause", steering.PAUSE), ("resume", steering.RESUME)):
        _steer(world, name, replay_id, turn)
    if not world.desk.value("SELECT succeeded + failed FROM replay_jobs"):
        step(Driver(database, "driver"), replay_id)
    _steer(world, "cancel", replay_id, steering.CANCEL)


def _steer(world: World, name: str, replay_id: int, turn: steering.Turn) -> None:
    def do() -> None:
        steering.steer(world.desk.database, replay_id, turn, actor=ADA, reason=name)

    world.ask(name, lambda: done_once(do))


def _agreed(world: World) -> None:
    """Freeze what one person may not move alone; another agrees; the relay drives."""
    _freeze(world, LIMIT)
    approval_id = world.desk.value("SELECT id FROM approvals")

    def agree() -> None:
        approving.approve(
            world.desk.database, approval_id, actor=BEN, reason="seen", performers=PERFORMERS
        )

    world.ask("agree", lambda: done_once(agree))


def wrong(world: World) -> None:
    dead(world.desk)
    people.appoint(world.url, "ada")
    people.appoint(world.url, "ben", Role.APPROVER)


def _edit(world: World, limit: MoneyLimit = NO_LIMIT) -> None:
    letter_id = world.desk.value("SELECT id FROM dead_letters")
    given = Edit(letter_id, RIGHT, ADA, "the sender mistyped it")

    def do() -> str:
        edit(world.desk.database, given, limit=limit)
        return "done"

    world.ask("edit", do)


def _edit_agreed(world: World) -> None:
    _edit(world, LIMIT)
    approval_id = world.desk.value("SELECT id FROM approvals")

    def agree() -> None:
        approving.approve(
            world.desk.database, approval_id, actor=BEN, reason="seen", performers=PERFORMERS
        )

    world.ask("agree", lambda: done_once(agree))


def _ignored(world: World) -> None:
    pile(world.desk, 2)
    world.desk.execute("UPDATE dead_letters SET status = 'resolved', resolved_at = now()")


def _again(world: World) -> None:
    ids = [row[0] for row in world.desk.rows("SELECT id FROM inbound_events ORDER BY id")]
    database = world.desk.database

    def do() -> str:
        try_again(database, ids, actor=ADA, reason="upgraded", limit=NO_LIMIT)
        return "done"

    world.ask("again", lambda: done_once(do))


def _reopen(world: World) -> None:
    ids = [row[0] for row in world.desk.rows("SELECT id FROM dead_letters ORDER BY id")]

    def do() -> str:
        reopen(world.desk.database, ids, actor=ADA, reason="mended")
        return "done"

    world.ask("reopen", do)


def _unweighed(world: World) -> None:
    """Letters of which no amount is known."""
    _pile(world)
    world.desk.execute("UPDATE dead_letters SET amount_minor = NULL, currency = NULL")


def _in_hand(world: World) -> None:
    """A driver has died with letters in hand, and its lease has run out."""
    _pile(world)
    _freeze(world)
    dies_in_hand(world.desk, world.desk.value("SELECT id FROM replay_jobs"))
    let_the_lease_run_out(world.desk)


def _cancelled(world: World) -> None:
    _steer(world, "cancel", world.desk.value("SELECT id FROM replay_jobs"), steering.CANCEL)
    thread = ReplayThread(world.desk.database)
    for _ in range(TURNS):
        thread.turn()


def _by_the_relay(world: World) -> None:
    """Freeze; a relay drives, and lets go of it when it is told to stop."""
    _freeze(world)
    thread = ReplayThread(world.desk.database)
    for _ in range(TURNS):
        thread.turn()
    thread._let_go()  # noqa: SLF001 - its loop waits between two turns


ANOTHER_ACT = (("operator_actions", "who got no answer and asks again has asked twice"),)

SCENARIOS = (
    Scenario("letters without an amount are replayed by the relay", _by_the_relay, _unweighed),
    Scenario("letters are replayed", _replay, _pile),
    Scenario("a replay is steered", _steered, _pile),
    Scenario("a replay needs a second person", _agreed, _pile),
    Scenario("a replay is cancelled with letters in hand", _cancelled, _in_hand),
    Scenario("an event is edited", _edit, wrong),
    Scenario("an edit needs a second person", _edit_agreed, wrong),
    Scenario("events are tried again", _again, _ignored, forgives=ANOTHER_ACT),
    Scenario("letters are reopened", _reopen, _pile),
)
