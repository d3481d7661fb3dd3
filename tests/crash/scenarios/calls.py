"""Providers are asked: each kind of call, alone and together, and over HTTP."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from domain.commands import CommandKind
from domain.money import Money
from tests.calling.provider import There
from tests.crash import settling
from tests.crash.scenario import Scenario
from workers import sweeps
from workers.broker import make_broker
from workers.calling import sending, turns
from workers.calling.begin_together import Beginners, Started
from workers.calling.close_together import Closers, Handed
from workers.calling.rooms import Rooms
from workers.database import Database
from workers.life import Life
from workers.store import lives
from workers.telling import nobody

if TYPE_CHECKING:
    from tests.crash.world import World

WORKER = "test"


def _asked(world: World) -> None:
    world.desk.ask_payment("p1")


def _perform(world: World) -> None:
    """Do what is owed to providers as a worker does, once."""
    for event_id in world.desk.owed():
        settling.call(world, event_id, worker=WORKER)


def _two_asked(world: World) -> None:
    world.desk.ask_payment("p1")
    world.desk.ask_payment("p2")


def _together(world: World) -> None:
    """Begin calls together, make them, and close them together."""
    desk, rooms = world.desk, Rooms(4)
    beginners = Beginners(desk.database, world.provider, desk.locks, WORKER, nobody, rooms)
    closers = Closers(desk.database, desk.locks, WORKER, nobody)
    handed = []
    for started in beginners.begin(desk.owed()):
        if isinstance(started, Started):
            case = started.begun.case
            told = world.provider.initialize(case.asking(), key=f"{case.command.reference}")
            handed.append(Handed(started.begun, told, started.held))
    if handed:
        closers.close(handed)


def _paid(world: World) -> None:
    world.desk.initialize()
    world.provider.pay("p1")
    world.desk.order(CommandKind.VERIFY, number="paid")


def _refund_asked(world: World) -> None:
    world.desk.pay()
    world.desk.ask_refund("rf1", 400)


def _refund(world: World) -> None:
    """Ask for a refund; the provider makes it; and it is heard of."""
    _perform(world)
    world.provider.end_refunds("p1")
    world.ask("order", lambda: world.desk.order(CommandKind.VERIFY, number="refunded"))
    _perform(world)


def _cancel_asked(world: World) -> None:
    world.desk.initialize()
    world.desk.order(CommandKind.CANCEL)


def _cancel(world: World) -> None:
    world.provider.can_cancel = True
    _perform(world)


def _refused(world: World) -> None:
    """A provider that refuses: the command becomes a letter."""
    world.provider.goes["refund"] = ["forbidden"] * 9
    _perform(world)


def _with_keys(world: World) -> None:
    """Hand a payment over to a provider that knows a request again by its key."""
    world.provider.keys_live_s = 86_400.0
    _perform(world)


def _broken(world: World) -> None:
    _paid(world)
    world.desk.break_for("p1", "RAISE EXCEPTION 'broken'")


def _fails(world: World) -> None:
    """A command fails for a reason that nobody foresaw; then the cause is mended."""
    _perform(world)
    world.desk.execute("DROP TRIGGER IF EXISTS aa_break_it ON payment_logs")


def _in_hand(world: World) -> None:
    """Two commands about one payment, for the first of which somebody calls."""
    desk = world.desk
    first = desk.ask_payment("p1")
    desk.order(CommandKind.VERIFY, number="early")

    def dies() -> None:
        raise KeyboardInterrupt

    world.provider.goes["initialize"] = [dies]
    with contextlib.suppress(KeyboardInterrupt):
        desk.perform(first)


def _live(world: World) -> None:
    """A worker notes that it lives, and a relay that another has died."""
    lives.OBSERVED_S = lives.AWAY_S_MAX = 0.0
    database = world.desk.database
    Life(database, worker="living")._beat()  # noqa: SLF001 - its loop waits between two
    for _ in range(2):
        sweeps.take_over_calls(database)
    sweeps.hurry_unheard(database, make_broker(world.redis_url))
    settling.later(world)
    _perform(world)


def _take_back(world: World) -> None:
    """A worker ends a call that it has begun and will not make."""
    for event_id in world.desk.owed():
        turns.take_back(world.desk.database, event_id, worker="test", began_s=sending.now_s())


def _doubt(world: World) -> None:
    """A refund whose answer is lost before the provider had made it."""
    world.provider.goes["refund"] = ["lost before its effect"]
    for _ in range(3):
        _perform(world)
        world.desk.execute("UPDATE inbound_work SET next_at = now()")


def _unproven(world: World) -> None:
    """Payments are asked about that were never handed over: one is unknown, one is another's."""
    desk = world.desk
    desk.make_known("p1", "p2")
    world.provider.payments["p2"] = There(9, Money("NGN", 1_000), "paid")
    world.provider.write()
    for reference in ("p1", "p2"):
        desk.order(CommandKind.VERIFY, reference, number="1")


def _lived(world: World) -> None:
    """Somebody calls who has died since."""
    _in_hand(world)
    dead = Database(world.url, name="dead")
    Life(dead, worker="test")._beat()  # noqa: SLF001 - its loop waits between two
    dead.close()


HISTORY = "who asks what became of a refund hears of it once more: a step that changes no sum"
ADDRESS = "without keys a provider tells the address of its page once, to whoever was there"
LATER = (
    ("payment_logs.authorization_url", ADDRESS),
    ("payment_logs.provider_reference", "a look-up tells the provider's name of a payment, too"),
    ("provider_references", "a look-up tells the provider's name of a payment, too"),
    ("payment_logs.lock_version", HISTORY),
    ("payment_transitions", HISTORY),
    ("payment_facts", HISTORY),
)

SCENARIOS = (
    Scenario("a payment is handed over under a key", _with_keys, _asked),
    Scenario("a payment is handed over", _perform, _asked, forgives=LATER),
    Scenario("payments are handed over together", _together, _two_asked, forgives=LATER),
    Scenario("a payment is verified", _perform, _paid),
    Scenario("a refund is made", _refund, _refund_asked, forgives=LATER),
    Scenario("a command fails", _fails, _broken),
    Scenario("a payment is in other hands", _perform, _in_hand, forgives=LATER),
    Scenario("a worker has died that called", _live, _lived, forgives=LATER),
    Scenario("a call is taken back", _take_back, _in_hand, forgives=LATER),
    Scenario("payments that nobody handed over", _perform, _unproven, forgives=LATER),
    Scenario("a refund in doubt", _doubt, _refund_asked, forgives=LATER),
    Scenario("a payment is cancelled at its provider", _cancel, _cancel_asked, forgives=LATER),
    Scenario("a refund is forbidden", _refused, _refund_asked),
)
