"""A hasty client: asks more often than it may, at all doors in turn, and counts who let it in."""

from __future__ import annotations

import http.client
import threading
import time
from collections import deque
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.chaos.history import Outcome, Try
from tests.chaos.traffic.journal import Checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.history import History
    from tests.demo.operator import Operator

LIMIT_REQUESTS = 20
LIMIT_PERIOD_S = 60.0
LIMIT = f"{LIMIT_REQUESTS}/minute"
EVERY_S = 0.3
"""Ten times as often as it may."""

ANSWER_S_MAX = 3.0
STOP_S_MAX = 5.0
WHAT = "hasty"
PATH = "/v1/payments/NOBODYS-PAYMENT/verify"
"""What it asks is always answered 404, but counts."""

COUNTED = frozenset({HTTPStatus.NOT_FOUND})


class Hasty:
    """A thread. `checked` counts what it was let in with, and when that was once too often.

    An answer without a status may have been counted or not, and is not.
    """

    def __init__(self, ingress_urls: Sequence[str], history: History) -> None:
        self.checked = Checked()
        self._doors = [urlsplit(url) for url in ingress_urls]
        self._history = history
        self.api_key = ""
        self._let_in: deque[tuple[float, float]] = deque()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hasty", daemon=True)

    def prepare(self, operator: Operator) -> None:
        """Have a client made that may ask LIMIT times."""
        told = operator.run(
            *("clients", "create", WHAT, "--scope", "payments:write", "--reason", "the lab"),
            *("--initialize", LIMIT, "--verify", LIMIT),
        )
        self.api_key = told["key"]

    def start(self) -> None:
        """Ask from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ask for nothing more."""
        self._is_over.set()

    def close(self) -> None:
        """End the thread."""
        self.stop()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)

    def _run(self) -> None:
        turn = 0
        while not self._is_over.wait(EVERY_S):
            turn += 1
            self._ask(turn % len(self._doors))

    def _ask(self, place: int) -> None:
        door, began_s = self._doors[place], time.monotonic()
        status, said, outcome = 0, "", Outcome.UNKNOWN
        try:
            status = self._status(door.hostname or "", door.port)
            is_let_in = status in COUNTED
            outcome = Outcome.OK if is_let_in else Outcome.REFUSED
            said = "" if is_let_in else str(status)
        except (OSError, http.client.HTTPException) as error:
            said = type(error).__name__
        ended_s = time.monotonic()
        front = f"front-{place + 1}"
        self._history.note(Try(WHAT, WHAT, front, began_s, began_s, ended_s, outcome, status, said))
        if outcome is Outcome.OK:
            self._note(began_s, ended_s)

    def _status(self, host: str, port: int | None) -> int:
        with closing(http.client.HTTPConnection(host, port, timeout=ANSWER_S_MAX)) as connection:
            headers = {"authorization": f"Bearer {self.api_key}"}
            connection.request("POST", PATH, headers=headers)
            return connection.getresponse().status

    def _note(self, began_s: float, ended_s: float) -> None:
        """Count those that were let in, for certain, within one period that ends now."""
        self._let_in.append((began_s, ended_s))
        while self._let_in[0][0] < ended_s - LIMIT_PERIOD_S:
            self._let_in.popleft()
        count = len(self._let_in)
        problem = f"{count} requests within {LIMIT_PERIOD_S:.0f} s, {LIMIT_REQUESTS} are allowed"
        self.checked.note(problem if count > LIMIT_REQUESTS else None)
