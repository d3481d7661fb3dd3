"""The relay keeps the house: it rings, revives, asks what is due, and lets go of what is old."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.wakeup import Lane
from tests.calling.schedule import STEPS_S
from tests.crash.scenario import Scenario
from tests.workers.scene import capture, refund
from workers import direct, quarantine, scheduling, sweeps
from workers.broker import connect, make_broker
from workers.database import Database
from workers.store import claims
from workers.telling import Teller

if TYPE_CHECKING:
    from tests.crash.world import World


def _died(world: World) -> None:
    """Work that somebody had in hand who died with it, once and too often."""
    desk = world.desk
    desk.announce("p1", "p2", "p3")
    owed = [desk.receive(capture(each)) for each in ("p1", "p2", "p3")]
    desk.execute("UPDATE inbound_work SET crashes = 2 WHERE event_id = %s", [owed[1]])
    desk.execute("UPDATE inbound_work SET crashes = 9 WHERE event_id = %s", [owed[2]])
    dead = Database(world.url, name="dead")
    backend = dead.backend()
    with dead.statement() as tx:
        claims.take(tx, owed, worker="dead", backend=backend)
    dead.close()


def _kills(world: World) -> None:
    """An event that has killed so many that it goes to quarantine."""
    _died(world)
    world.desk.execute("DELETE FROM claims")
    world.desk.execute("UPDATE inbound_work SET lane = 'quarantine' WHERE crashes = 9")


def _kills_alone(world: World) -> None:
    """Its process has died of it, too."""
    rows = world.desk.rows("SELECT event_id FROM inbound_work WHERE lane = 'quarantine'")
    for (event_id,) in rows:
        quarantine._bury(world.desk.database, event_id, "ended with -9", worker="test")  # noqa: SLF001 - no process needs to die for it


def _sweep(world: World) -> None:
    database, broker = world.desk.database, make_broker(world.redis_url)
    sweeps.revive_crashed(database)
    world.desk.execute("UPDATE inbound_work SET next_at = now()")
    sweeps.ring_due(database, broker)


def _overdue(world: World) -> None:
    desk = world.desk
    desk.announce("p1")
    desk.hear(refund("p1", 100))
    desk.execute("UPDATE waiting_captures SET since = since - interval '2 days'")


def _bury(world: World) -> None:
    sweeps.bury_overdue(world.desk.database)


def _under_way(world: World) -> None:
    world.desk.initialize()
    world.desk.pay("p2")
    world.desk.ask_refund("rf1", 400, "p2")
    _owed(world)
    _past(world, STEPS_S[0] + 1)


def _owed(world: World) -> None:
    for event_id in world.desk.owed():
        world.desk.perform(event_id)


def _past(world: World, seconds: float) -> None:
    world.desk.execute(
        "UPDATE verifications SET since = since - make_interval(secs => %s),"
        " next_at = next_at - make_interval(secs => %s)",
        [seconds, seconds],
    )


def _schedule(world: World) -> None:
    scheduling.verify_due(world.desk.database, STEPS_S)


def _given_up(world: World) -> None:
    _under_way(world)
    world.desk.execute("UPDATE verifications SET step = %s", [len(STEPS_S)])


def _old(world: World) -> None:
    """Something of each kind that the relay lets go of when its time is past."""
    desk = world.desk
    desk.announce("p1")
    desk.hear(capture("p1"))
    month = desk.value("SELECT to_char(now() - interval '2 years', 'YYYY_MM')")
    desk.execute(f"""
        CREATE TABLE inbound_events_{month} PARTITION OF inbound_events
            FOR VALUES FROM ('2001-01-01') TO (date_trunc('month', now()) - interval '1 year');
        SET session_replication_role = replica;
        UPDATE inbound_events SET received_at = received_at - interval '2 years';
        INSERT INTO idempotency_keys (client_id, method, route, key, fingerprint, status, headers,
                                      body, expires_at)
        SELECT 'shop', 'POST', '/x', gen_random_uuid(), sha256(''), 200, '{{}}', '', now()
            - interval '1 day';
        SET session_replication_role = origin
    """)
    newest = desk.value("SELECT to_char(now() + interval '3 months', 'YYYY_MM')")
    desk.execute(f"DROP TABLE inbound_events_{newest}")


def _keep_house(world: World) -> None:
    sweeps.take_sample(world.desk.database)
    sweeps.keep_house(world.desk.database, retention_days=400)


def _owing(world: World) -> None:
    world.desk.announce("p1")
    world.desk.receive(capture("p1"))
    world.desk.ask_payment("p2")
    world.desk.execute("UPDATE inbound_work SET next_at = now()")


def _without_redis(world: World) -> None:
    """Take work straight from Postgres, as a worker does that hears no bell."""
    claimer = direct.DirectClaimer(connect(world.redis_url), world.desk.database, worker="test")
    for lane in (Lane.EVENTS, Lane.CALLS):
        claimer._take(lane, direct.TAKEN_AT_ONCE[lane])  # noqa: SLF001 - its loop asks Redis first


def _tell(world: World) -> None:
    teller = Teller(connect(world.redis_url))
    teller.start()
    teller.tell(["p1"])
    teller.stop()
    teller.join()


SECOND = ("payment_facts", "that nothing was heard is named by the second in which it was said")

SCENARIOS = (
    Scenario("the relay takes over from the dead", _sweep, _died),
    Scenario("an event that kills is buried", _kills_alone, _kills),
    Scenario("the relay buries what is overdue", _bury, _overdue),
    Scenario("the schedule asks", _schedule, _under_way),
    Scenario("the schedule gives up", _schedule, _given_up, forgives=(SECOND,)),
    Scenario("the relay keeps the house", _keep_house, _old),
    Scenario("work is taken without Redis", _without_redis, _owing),
    Scenario("changes are told", _tell),
)
