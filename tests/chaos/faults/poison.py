"""An authentic event that kills whoever reads it, until it is in quarantine."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.chaos.faults.fault import NotNow
from tests.chaos.faults.injections import poison_of
from tests.chaos.faults.postgres import connect
from tests.chaos.kinds import FRONTS
from tests.simulator.signing import Signable, paystack

if TYPE_CHECKING:
    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

PREFIX = "lab-poison-"
"""How markers begin (`injected/lab_poison.py`)."""

TRIES_S_MAX = 6.0
ANSWER_S = 2.0
AGAIN_S = 0.3
BURIED_S_MAX = 8.0
"""How much longer than planned it may stay armed, so that it is buried and not just disarmed."""

NEWEST_EVENTS = 50_000
"""Events among which it is looked for: more than can come while it is armed."""

OPEN = "is not buried"
LOST = "was never kept"
SECRET = "PAYSTACK_SECRET_KEY"


class Poison:
    """One event, sent until it is kept. It says nothing of money: once disarmed it is harmless."""

    def __init__(self) -> None:
        self._armed: dict[str, str] = {}
        self._count = 0

    def possible(self, stage: Stage) -> str | None:
        """Say whether workers were started with the lab's injections."""
        is_there = poison_of(stage.folder).parent.exists()
        return None if is_there else "the processes were started without the lab's injections"

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Arm a marker and send an event that has it."""
        del traffic
        self._count += 1
        marker = f"{PREFIX}{self._count}-{time.monotonic_ns()}"
        poison_of(stage.folder).write_text(f"{marker}\n")
        self._armed[strike.target] = marker
        url = stage.ingress_urls[FRONTS.index(strike.target)]
        try:
            _send(url, marker, stage.environment[SECRET])
        except NotNow:
            del self._armed[strike.target]
            raise
        return marker

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Disarm it; say what became of it."""
        del traffic
        marker = self._armed.get(strike.target)
        ended = _ended(stage, marker) if marker is not None else ""
        until_s = time.monotonic() + BURIED_S_MAX
        while marker is not None and ended.startswith(OPEN) and time.monotonic() < until_s:
            time.sleep(AGAIN_S)
            ended = _ended(stage, marker)
        poison_of(stage.folder).unlink(missing_ok=True)
        if marker is not None:
            problem = f"a poisonous event {ended}"
            stage.duties.note(problem if ended.startswith((OPEN, LOST)) else None)
            del self._armed[strike.target]
        return ended


def _send(url: str, marker: str, secret: str) -> None:
    data = {"customer_id": 1, "customer_code": marker}
    body = json.dumps({"event": "customeridentification.success", "data": data}).encode()
    headers = paystack(secret, Signable(body, marker, int(time.time())))
    until_s = time.monotonic() + TRIES_S_MAX
    while time.monotonic() < until_s:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if _post(url, body, headers) == http.client.OK:
                return
        time.sleep(AGAIN_S)
    raise NotNow("nobody kept the event")


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=ANSWER_S)
    try:
        connection.request(
            "POST", "/webhooks/paystack", body, headers | {"Content-Type": "application/json"}
        )
        return connection.getresponse().status
    finally:
        connection.close()


def _ended(stage: Stage, marker: str) -> str:
    """Say how the event stands: `crash_loop` is what it deserves."""
    with connect(stage) as connection:
        row = connection.execute(
            """
            SELECT d.reason, w.lane, w.crashes
            FROM inbound_events e
            LEFT JOIN dead_letters d ON d.event_id = e.id
            LEFT JOIN inbound_work w ON w.event_id = e.id
            WHERE e.id > (SELECT max(id) FROM inbound_events) - %s
              AND position(%s::bytea IN e.body) > 0
            """,
            [NEWEST_EVENTS, marker.encode()],
        ).fetchone()
    if row is None:
        return LOST
    reason, lane, crashes = row
    return reason or (f"{OPEN}: {lane}, {crashes} crashes" if lane else "done, harmless")
