"""Attackers: hostile inputs that nobody signed, and clients that never come to an end."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.chaos.history import HOSTILE, Outcome, Try
from tests.chaos.traffic.journal import Checked
from tests.hostile.catalogue import GROUPS
from tests.hostile.speaking import speak

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.history import History
    from tests.hostile.inputs import Input
    from tests.hostile.speaking import Answer

EVERY_S = 1.0
SLOW_SHARE = 0.05
"""Attacks that are a client which sends half a request and waits."""

SLOW_S_MAX = 14.0
"""How long such a client waits to be thrown out: the service does so after 10 s."""

SLOW = "slow client"
STOP_S_MAX = 20.0
HALF_A_REQUEST = b"POST /webhooks/paystack HTTP/1.1\r\nhost: pay.example\r\ncontent-length: 9\r\nx-"


class Attackers:
    """A thread. `checked` counts attacks, and names those that were let in or broke something."""

    def __init__(self, ingress_urls: Sequence[str], history: History, *, seed: int) -> None:
        self.checked = Checked()
        self.slow = Checked()
        self._ports = [urlsplit(url).port or 0 for url in ingress_urls]
        self._history = history
        self._rng = random.Random(f"attackers/{seed}")
        self._inputs = refused()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="attackers", daemon=True)

    def start(self) -> None:
        """Attack from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no more attacks."""
        self._is_over.set()

    def close(self) -> None:
        """End the thread."""
        self.stop()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)

    def _run(self) -> None:
        number = 0
        while not self._is_over.wait(EVERY_S * self._rng.uniform(0.5, 1.5)):
            number += 1
            place = self._rng.randrange(len(self._ports))
            if self._rng.random() < SLOW_SHARE:
                self._be_slow(place)
            else:
                self._attack(place, number)

    def _attack(self, place: int, number: int) -> None:
        """Send one input, from an address of its own, and look at what it was answered."""
        group, hostile = self._rng.choice(self._inputs)
        name = f"{group}: {hostile.name}"
        began_s = time.monotonic()
        try:
            said = speak(self._ports[place], hostile.bytes_at(int(time.time())), number=number)
        except OSError as error:
            self._note(HOSTILE, place, began_s, Outcome.UNKNOWN, type(error).__name__)
            return
        wrong = [answer.status for answer in said.answers if not is_refusal(answer)]
        self.checked.note(f"{name} was answered {wrong}" if wrong else None)
        outcome = Outcome.REFUSED if said.answers and not wrong else Outcome.UNKNOWN
        self._note(HOSTILE, place, began_s, Outcome.OK if wrong else outcome, name)

    def _be_slow(self, place: int) -> None:
        """Send half a request, and wait to be thrown out."""
        began_s = time.monotonic()
        outcome, said = Outcome.UNKNOWN, "was not thrown out"
        with (
            suppress(OSError),
            socket.create_connection(
                ("127.0.0.1", self._ports[place]), timeout=SLOW_S_MAX
            ) as connection,
        ):
            connection.sendall(HALF_A_REQUEST)
            while not self._is_over.is_set() and connection.recv(65_536):
                pass
            outcome, said = Outcome.REFUSED, "was thrown out"
        if not self._is_over.is_set():
            self.slow.note(None if outcome is Outcome.REFUSED else f"a slow client {said}")
        self._note(SLOW, place, began_s, outcome, said)

    def _note(self, what: str, place: int, began_s: float, outcome: Outcome, said: str) -> None:
        to = f"front-{place + 1}"
        tried = Try(what, "attacker", to, began_s, began_s, time.monotonic(), outcome, 0, said)
        self._history.note(tried)


def refused() -> list[tuple[str, Input]]:
    """Return the inputs that are refused whoever sends them, by group: they leave nothing."""
    return [
        (group, each)
        for group, inputs in GROUPS.items()
        for each in inputs
        if not each.adds and not each.by and _wants_refusals(each)
    ]


def is_refusal(answer: Answer) -> bool:
    """Whether an answer refuses; where Postgres is away, 503 may come first."""
    if answer.status in (0, HTTPStatus.SERVICE_UNAVAILABLE):
        return True
    return HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR


def _wants_refusals(hostile: Input) -> bool:
    statuses = hostile.wants.replace("|", " ").split()
    return all(status.startswith("4") for status in statuses)
