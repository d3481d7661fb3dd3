"""Operators: replay dead letters while everything breaks, the same one twice, and look at pages."""

from __future__ import annotations

import http.client
import random
import threading
import time
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg

from domain.errors import PayratchetError
from tests.chaos.history import Outcome, Try
from tests.chaos.traffic.journal import Checked
from workers.database import Database
from workers.replaying.freezing import Asked, freeze
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.history import History

EVERY_S = 5.0
LETTERS_MAX = 5
"""Letters of one replay."""

OPEN_MAX = 200
"""The newest open letters, among which operators choose."""

TWICE_SHARE = 0.5
"""Replays that are asked for twice: half under the same operation key, half as another replay."""

ACTOR = "operator:lab"
REASON = "the lab tries it again"
PAGES = ("/metrics", "/readyz", "/sign-in")
"""What the console shows to whoever asks; operators of its own would end the rights of the
operating system's user, who the lab's commands run as."""

PAGE_S_MAX = 5.0
STOP_S_MAX = 15.0
PAGE, REPLAY = "page", "replay"

_OPEN = "SELECT id FROM dead_letters WHERE status = 'open' ORDER BY id DESC LIMIT %s"


class Operators:
    """A thread. Replays are made past all edges and driven by the service's own relays."""

    def __init__(self, database_url: str, console_url: str, history: History, *, seed: int) -> None:
        self.replays = 0
        self.pages = Checked()
        self._database = Database(database_url, name="lab-operators")
        self._console = urlsplit(console_url)
        self._history = history
        self._rng = random.Random(f"operators/{seed}")
        self._is_over = threading.Event()
        self._is_busy = False
        self._thread = threading.Thread(target=self._run, name="operators", daemon=True)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being asked for."""
        return not self._is_busy

    def start(self) -> None:
        """Operate from now on."""
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
        while not self._is_over.wait(EVERY_S * self._rng.uniform(0.5, 1.5)):
            self._is_busy = True
            self._tried(REPLAY, self._replay)
            self._tried(PAGE, self._look)
            self._is_busy = False
        self._database.close()

    def _tried(self, what: str, act: Callable[[], str]) -> None:
        """Do something once and note what it came to."""
        began_s = time.monotonic()
        outcome, said = Outcome.OK, ""
        try:
            said = act()
        except PayratchetError as error:
            outcome, said = Outcome.REFUSED, error.code
        except (psycopg.Error, OSError, http.client.HTTPException) as error:
            outcome, said = Outcome.UNKNOWN, type(error).__name__
        ended_s = time.monotonic()
        self._history.note(Try(what, "operator", "", began_s, began_s, ended_s, outcome, 0, said))

    def _replay(self) -> str:
        with self._database.transaction() as tx:
            found = [int(row[0]) for row in tx.execute(_OPEN, [OPEN_MAX]).fetchall()]
        if not found:
            return "nothing is open"
        count = min(len(found), self._rng.randint(1, LETTERS_MAX))
        chosen = tuple(sorted(self._rng.sample(found, count)))
        key = f"lab-{self._rng.getrandbits(64):x}"
        self._freeze(chosen, key)
        if self._rng.random() < TWICE_SHARE:
            self._freeze(chosen, key if self._rng.random() < TWICE_SHARE else f"{key}-again")
        return f"{count} letters"

    def _freeze(self, letter_ids: tuple[int, ...], key: str) -> None:
        asked = Asked(
            Wanted(ids=letter_ids), ACTOR, REASON, key, canary=0, max_failures=len(letter_ids)
        )
        freeze(self._database, asked)
        self.replays += 1

    def _look(self) -> str:
        page = self._rng.choice(PAGES)
        host, port = self._console.hostname or "", self._console.port
        with closing(http.client.HTTPConnection(host, port, timeout=PAGE_S_MAX)) as connection:
            connection.request("GET", page)
            answer = connection.getresponse()
            answer.read()
        is_failure = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        is_honest = not is_failure or answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        said = f"{page} {answer.status}"
        self.pages.note(None if is_honest else f"the console answered {said}")
        return said
