"""Live traffic beside a replay: what a provider waits for while dead letters are tried again.

Windows without and with the replay take turns, the other way round in every other round, and each
is held against its neighbour: a shared machine changes by more than a replay does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain.money import AMOUNT_MINOR_MAX
from tests.bench import checks
from tests.bench.errors import BenchFailed
from tests.bench.load import offer
from tests.bench.load.offer import Offer
from tests.bench.measures import delays
from tests.bench.measures.scene import LOOK_S, Scene, scene, target
from tests.bench.stage import inbox, supply
from workers import limiting
from workers.database import Database
from workers.replaying.freezing import Asked, freeze
from workers.replaying.limits import RATE_PER_S
from workers.replaying.steering import PAUSE, RESUME, Turn, steer
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.measures.delays import Delays
    from tests.bench.stage.processes import Processes
    from tests.bench.stage.run import Run

NAME = "replaying"
NAMES = ("web", "worker", "relay")
TAG = "live"
LETTERS = 10_000
LIVE_PER_S = 500
ROUNDS = 4
FOR_S = 8
WARM_UP_S = 3
MOVES_S_MAX = 30.0
"""How long it may take until a replay that was resumed goes on."""

_DIE = """
    WITH gone AS (DELETE FROM inbound_work RETURNING event_id, received_at)
    INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reference,
        reason, error_class, fingerprint, message, amount_minor, currency, attempts)
    SELECT g.event_id, g.received_at, e.source, e.account, 'charge.success', e.reference,
           'exhausted', 'Broken', 'bench', 'broken', %s, %s, 5
    FROM gone g JOIN inbound_events e ON e.id = g.event_id AND e.received_at = g.received_at
"""


@dataclass(frozen=True, slots=True)
class Replaying:
    """The delays of live traffic alone, and beside a replay that ran all the time, by rounds.

    `letters_per_s` is how fast the replay went on in each window beside it.
    """

    alone: Sequence[Delays]
    beside: Sequence[Delays]
    letters_per_s: Sequence[float]

    @property
    def ack_times(self) -> list[float]:
        """How many times as long the 99 % took beside the replay, by rounds."""
        pairs = zip(self.beside, self.alone, strict=True)
        return [beside.ack.p99_ms / alone.ack.p99_ms for beside, alone in pairs]


class _Window(NamedTuple):
    """What was offered for a while, and what became of it."""

    numbers: range
    delays: Delays


def measure(
    run: Run,
    *,
    rate_per_s: int = LIVE_PER_S,
    for_s: int = FOR_S,
    rounds: int = ROUNDS,
    letters: int = LETTERS,
) -> Replaying:
    """Offer this rate without and with a replay beside it, in turns, and return the delays.

    The replay is the relay's to drive, at the rate that is usual, and paused between its turns.
    Raises BenchFailed when it ends before the traffic does, or does not go on.
    """
    with scene(run, NAME) as on:
        _pile(on, letters)
        with on.ours(NAMES) as running:
            stage = _Stage(on, running, Database(on.database_url, name="bench"), rate_per_s)
            stage.window(WARM_UP_S)
            replay_id = stage.replay()
            found: dict[bool, list[_Window]] = {False: [], True: []}
            speeds: list[float] = []
            for number in range(rounds):
                for is_beside in (False, True) if number % 2 == 0 else (True, False):
                    if is_beside:
                        window, per_s = stage.beside(replay_id, for_s)
                        speeds.append(per_s)
                    else:
                        window = stage.window(for_s)
                    found[is_beside].append(window)
            stage.database.close()
        for each in (*found[False], *found[True]):
            checks.check_payments(run, NAME, on.database_url, each.numbers)
        alone, beside = ([each.delays for each in found[is_beside]] for is_beside in (False, True))
        return Replaying(alone, beside, speeds)


@dataclass(frozen=True, slots=True)
class _Stage:
    """Our processes on a scene, and how much is offered to them."""

    on: Scene
    running: Processes
    database: Database
    rate_per_s: int

    def window(self, for_s: int) -> _Window:
        """Offer for so long, and wait until all of it is applied."""
        on = self.on
        numbers, requests = on.paid(self.rate_per_s * for_s)
        on.run.grounds.settle()
        offered = Offer(TAG, target(self.running), requests, self.rate_per_s, len(numbers))
        sent = offer.send([offered], seed=on.run.seed, out=on.run.folder / f"{NAME}.sent")
        self._until_applied(numbers)
        return _Window(numbers, delays.of(on, numbers, sent, TAG))

    def beside(self, replay_id: int, for_s: int) -> tuple[_Window, float]:
        """Offer for so long while the replay runs; return the speed of that too, letters/s."""
        before = self._succeeded()
        self._steer(replay_id, RESUME)
        self._until(lambda: self._succeeded() > before)
        began, began_s = self._succeeded(), time.monotonic()
        window = self.window(for_s)
        per_s = (self._succeeded() - began) / (time.monotonic() - began_s)
        if not self.on.count("SELECT count(*) FROM replay_jobs WHERE status = 'running'"):
            raise BenchFailed("The replay ended before the traffic beside it.")
        self._steer(replay_id, PAUSE)
        self.on.until_drained(self.running)
        return window, per_s

    def replay(self) -> int:
        """Make a replay of the whole pile, paused."""
        limiting.settle(self.database, str(AMOUNT_MINOR_MAX), actor=supply.ACTOR)
        asked = Asked(Wanted(), supply.ACTOR, "the benchmark", rate_per_s=RATE_PER_S)
        replay_id = freeze(self.database, asked).replay_id
        self._steer(replay_id, PAUSE)
        self.on.until_drained(self.running)
        return replay_id

    def _steer(self, replay_id: int, turn: Turn) -> None:
        steer(self.database, replay_id, turn, actor=supply.ACTOR, reason="the benchmark")

    def _succeeded(self) -> int:
        return self.on.count("SELECT succeeded FROM replay_jobs")

    def _until_applied(self, numbers: range) -> None:
        owed = """SELECT count(*) FROM inbound_work w JOIN inbound_events e
                  ON e.id = w.event_id AND e.received_at = w.received_at
                  WHERE e.reference BETWEEN %s AND %s"""
        ends = (supply.reference(numbers[0]), supply.reference(numbers[-1]))
        self._until(lambda: not self.on.count(owed, *ends))

    def _until(self, is_so: Callable[[], bool]) -> None:
        ends_s = time.monotonic() + MOVES_S_MAX
        while not is_so():
            self.running.check()
            if time.monotonic() > ends_s:
                raise BenchFailed(f"What was waited for had not come after {MOVES_S_MAX:.0f} s.")
            time.sleep(LOOK_S)


def _pile(on: Scene, letters: int) -> None:
    """Leave a pile of dead letters, each of which would credit a payment."""
    with on.connection.transaction():
        inbox.fill(on.connection, on.run.numbers.take(letters))
        on.connection.execute(_DIE, (supply.AMOUNT_MINOR, supply.CURRENCY))
    on.connection.execute("ANALYZE dead_letters")
