"""Settling: time passes, and the processes that are left do what is owed until nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.retry import CRASHES_BEFORE_SPLIT
from domain.wakeup import IDS_PER_RING_MAX, Lane
from workers import approving, sweeps
from workers.actors import answer
from workers.calling.perform import perform
from workers.performers import PERFORMERS
from workers.replaying.driving import ReplayThread

if TYPE_CHECKING:
    from tests.crash.world import World

ROUNDS_MAX = 40
ROUND_S = 700
"""How long a round takes: longer than any lease, pause, or time after which a caller is presumed
dead, and than a refund needs to be seen."""

WORKER = "another worker"

_LATER = f"""
    SET session_replication_role = replica;
    UPDATE provider_calls SET started_at = started_at - interval '{ROUND_S} s';
    UPDATE inbound_work SET next_at = least(next_at, now());
    UPDATE replay_jobs SET heartbeat_at = heartbeat_at - interval '{ROUND_S} s';
    UPDATE replay_items SET begun_at = begun_at - interval '{ROUND_S} s';
    UPDATE reconciliation_runs SET heartbeat_at = heartbeat_at - interval '{ROUND_S} s';
    SET session_replication_role = origin
"""

_OWED = "SELECT event_id, crashes < %s FROM inbound_work WHERE lane = %s ORDER BY 1"

_LEFT = {
    "work": "SELECT event_id FROM inbound_work ORDER BY 1",
    "claims": "SELECT id FROM claims",
    "calls": "SELECT id FROM provider_calls WHERE ended_at IS NULL",
    "replays": "SELECT id FROM replay_jobs WHERE status = 'running'",
    "runs": "SELECT id FROM reconciliation_runs WHERE finished_at IS NULL",
}
"""What must come to an end by itself."""


def settle(world: World) -> None:
    """Do what relays and workers do until nothing is owed. Raises AssertionError if that fails."""
    _wait_for_the_dead(world)
    for number in range(ROUNDS_MAX):
        if number and not left(world):
            return
        turn(world)
    raise AssertionError(f"it does not settle: {left(world)}")


def left(world: World) -> dict[str, list[Any]]:
    """Return what has not come to its end."""
    found = {name: [row[0] for row in world.desk.rows(query)] for name, query in _LEFT.items()}
    return {name: rows for name, rows in found.items() if rows}


def later(world: World) -> None:
    """Let time pass."""
    world.desk.execute(_LATER)
    for key in world.desk.redis.keys("{payratchet}:lock:*"):
        world.desk.redis.delete(key)


def turn(world: World) -> None:
    """Let time pass, and relay and workers have one turn."""
    later(world)
    sweeps.revive_crashed(world.desk.database)
    sweeps.take_up_announced(world.desk.database)
    approving.expire_overdue(world.desk.database, PERFORMERS)
    ReplayThread(world.desk.database).turn()
    work(world)


def work(world: World, *, worker: str = WORKER) -> None:
    """Do what is owed in each lane, as a worker does that is rung for it."""
    for lane in Lane:
        rows = world.desk.rows(_OWED, [CRASHES_BEFORE_SPLIT, lane])
        calm = [event_id for event_id, is_calm in rows if is_calm][:IDS_PER_RING_MAX]
        if lane is Lane.CALLS:
            for event_id, _ in rows:
                call(world, event_id, worker=worker)
        elif calm:
            answer(world.desk.database, lane, calm, worker=worker)
        for event_id, is_calm in rows:
            if lane is not Lane.CALLS and not is_calm:
                answer(world.desk.database, lane, [event_id], worker=worker)


def call(world: World, event_id: int, *, worker: str = WORKER) -> str:
    """Perform one command, as a worker does that is rung for it."""
    desk = world.desk
    return str(perform(desk.database, world.provider, desk.locks, event_id, worker=worker))


def _wait_for_the_dead(world: World) -> None:
    """Wait until Postgres has noticed who is gone: it does when it next looks at their sockets."""
    world.desk.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> ALL (%s)",
        [[world.desk.value("SELECT pg_backend_pid()"), world.desk.database.backend().pid]],
    )
