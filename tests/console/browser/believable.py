"""A record as a console sees it on a bad morning: mostly good, and some things to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.replaying.pile import pile
from tests.workers.scene import capture, refund

if TYPE_CHECKING:
    from tests.workers.scene import Scene

ASKED_MINOR = 125_000
MISTYPED, MEANT = "ORD-20OO", "ORD-2000"
"""A reference as its sender mistyped it, and the payment that was meant."""

MISMATCHED = "ORD-1500"
"""A payment of which more came than was asked."""

PILED = 12
"""Letters of one cause, which a replay heals."""

PILE_FINGERPRINT = "5f1c0c3c9d2b7a40"

_REFUSED = """
    INSERT INTO refused_requests (at, source, account, address, code, diagnosis, request_id,
                                  body_bytes)
    SELECT now() - make_interval(mins => n), 'paystack', 'default', '203.0.113.' || n %% 3,
           'signature_invalid', 'signed with a key that was retired', 'req-' || n, 412
    FROM generate_series(1, 9) n
"""

_RUNS = """
    INSERT INTO reconciliation_runs (provider, account, since, until, requested_by, reason, status,
        covered_through, examined, missing_here, mended, started_at, finished_at)
    SELECT 'paystack', 'default', now() - interval '9 d', now() - interval '1 h', 'relay',
           'scheduled', 'finished', now() - interval '1 h', 1204, 1, 1, now() - interval '50 min',
           now() - interval '49 min'
"""

_SAMPLES = """
    INSERT INTO overview_samples (minute, accepted, applied, refused, p50_ms, p99_ms, unfinished,
                                  oldest_s, open_letters, owed_minor)
    SELECT date_trunc('minute', now()) - make_interval(mins => n), 0, 0, 0,
           18 + 6 * sin(n / 5.0), 90 + 55 * abs(sin(n / 3.0)), n %% 4,
           CASE WHEN n %% 4 > 0 THEN 0.4 + n %% 3 END, 14, '{"NGN": 45000}'
    FROM generate_series(1, 60) n
"""

_COUNTED = """
    UPDATE overview_samples s SET
        accepted = coalesce(c.accepted, 0) - (60 * w.accepted)::bigint,
        applied = coalesce(c.accepted, 0) - (60 * w.accepted)::bigint,
        refused = -(60 * w.refused)::bigint
    FROM (SELECT minute, sum(22 + 9 * sin(extract(epoch FROM minute) / 480)) OVER newer AS accepted,
                 sum(0.15) OVER newer AS refused
          FROM overview_samples
          WINDOW newer AS (ORDER BY minute DESC ROWS UNBOUNDED PRECEDING)) w,
         (SELECT sum(n_tup_ins) AS accepted FROM pg_stat_user_tables
          WHERE relname = 'inbound_dedup') c
    WHERE s.minute = w.minute
"""


def morning(scene: Scene) -> None:
    """Let it happen."""
    _sell(scene)
    scene.announce(MISMATCHED, amount_minor=ASKED_MINOR, customer_id="cus_bello")
    scene.hear(capture(MISMATCHED, 150_000, "T1500"))
    scene.announce(MEANT, amount_minor=ASKED_MINOR, customer_id="cus_chi")
    scene.hear(capture(MISTYPED, ASKED_MINOR, "T2000"))
    scene.hear(b'{"type": "payment.succeeded"}')
    pile(scene, PILED, fingerprint=PILE_FINGERPRINT)
    for statement in (_REFUSED, _RUNS, _SAMPLES, _COUNTED):
        scene.execute(statement)


def _sell(scene: Scene) -> None:
    for number in range(1, 11):
        reference = f"ORD-{1000 + number}"
        customer = ("cus_amara", "cus_bello", "cus_chi")[number % 3]
        scene.announce(reference, amount_minor=ASKED_MINOR + number * 2_500, customer_id=customer)
        scene.hear(capture(reference, ASKED_MINOR + number * 2_500, f"T{1000 + number}"))
    scene.hear(refund("ORD-1001", 40_000, "R1"))
    scene.announce("ORD-1100", amount_minor=99_900, customer_id="cus_dayo")
