"""A pile of dead letters, made set by set: thousands in a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.money_limit import MoneyLimit
from tests.workers.scene import PROVIDER, Scene
from workers.replaying import driving
from workers.replaying.freezing import Asked, Frozen, freeze
from workers.replaying.stepping import Driver
from workers.store import replays
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workers.store.replays import Job

AMOUNT_MINOR = 1_000
ADA = "operator:ada"
NO_LIMIT = MoneyLimit(10**15)

_EVENTS = """
    INSERT INTO inbound_events (id, source, account, event_key, reference, body, headers, key_id,
                                request_id)
    SELECT nextval('inbound_event_ids'), %(provider)s, 'default', 'pile ' || n, 'p' || n,
           convert_to(CASE WHEN n = ANY(%(unreadable)s::int[]) THEN '{}' ELSE format(
               '{"type":"payment.succeeded","data":{"id":"T%%s","reference":"p%%s",'
               '"amount_minor":%%s,"currency":"NGN"}}', n, n, %(amount)s::int) END, 'UTF8'),
           '{}', 'k1', 'r1'
    FROM generate_series(%(first)s::int, %(last)s::int) AS n ORDER BY n
"""
_LETTERS = """
    WITH letter AS (
        INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reference,
            reason, error_class, fingerprint, message, amount_minor, currency, attempts)
        SELECT id, received_at, source, account, 'payment.succeeded', reference, %(reason)s,
               'Broken', %(fingerprint)s, 'broken', %(amount)s, 'NGN', 5
        FROM inbound_events WHERE event_key LIKE 'pile %%'
          AND substr(reference, 2)::int BETWEEN %(first)s AND %(last)s
        ORDER BY id
        RETURNING id
    )
    INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
    SELECT id, 'died', 'payratchet', 'exhausted: broken' FROM letter
"""


def pile(
    scene: Scene,
    count: int,
    *,
    first: int = 1,
    unreadable: Iterable[int] = (),
    fingerprint: str = "f1",
    reason: str = "exhausted",
) -> None:
    """Make payments p1, p2 … whose captures came and died; a replay credits each of them.

    Those whose numbers are `unreadable` die again.
    """
    last = first + count - 1
    values = {
        "provider": PROVIDER,
        "unreadable": list(unreadable),
        "amount": AMOUNT_MINOR,
        "first": first,
        "last": last,
        "fingerprint": fingerprint,
        "reason": reason,
    }
    scene.announce(*(f"p{n}" for n in range(first, last + 1)), amount_minor=AMOUNT_MINOR)
    scene.execute(_EVENTS, values)
    scene.execute(_LETTERS, values)


def frozen(scene: Scene, wanted: Wanted | None = None, **how: Any) -> Frozen:
    """Make a replay of all open letters, unless said otherwise."""
    given = {"limit": NO_LIMIT, "rate_per_s": 2_000, **how}
    return freeze(scene.database, Asked(wanted or Wanted(), ADA, "mended", **given))


def driver(scene: Scene, **how: Any) -> Driver:
    """Return a driver that nobody else is."""
    return Driver(scene.database, driving.name(), **how)


def drive(scene: Scene, replay_id: int, **how: Any) -> Job:
    """Drive a replay to its end, a pause, or until another has it."""
    job = driving.drive(driver(scene, **how), replay_id)
    assert job is not None
    return job


def look(scene: Scene, replay_id: int) -> Job:
    with scene.database.transaction() as tx:
        job = replays.look(tx, replay_id)
    assert job is not None
    return job


def acts(scene: Scene, replay_id: int) -> list[str]:
    """Return what was done with a replay."""
    query = "SELECT action FROM replay_actions WHERE replay_id = %s ORDER BY id"
    return [row[0] for row in scene.rows(query, [replay_id])]


def items(scene: Scene, replay_id: int) -> dict[str, int]:
    """Count the letters of a replay by what became of them."""
    query = "SELECT outcome, count(*) FROM replay_items WHERE replay_id = %s GROUP BY 1"
    return dict(scene.rows(query, [replay_id]))


def statuses(scene: Scene) -> dict[str, int]:
    """Count all letters by status."""
    return dict(scene.rows("SELECT status, count(*) FROM dead_letters GROUP BY 1"))


def replayed_most_often(scene: Scene) -> int:
    """Return how often the letter was replayed that was replayed most often."""
    most: int = scene.value(
        "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM dead_letter_actions"
        " WHERE action = 'replayed' GROUP BY dead_letter_id) AS counted"
    )
    return most


def break_all(scene: Scene) -> None:
    """Let whatever changes a payment fail, as a faulty release would; `scene.mend` mends it."""
    scene.execute("""
        CREATE OR REPLACE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'broken'; END $$;
        CREATE OR REPLACE TRIGGER aa_break_it BEFORE UPDATE ON payment_logs
            FOR EACH ROW EXECUTE FUNCTION break_it()
    """)
