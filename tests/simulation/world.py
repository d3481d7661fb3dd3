"""The world: one history, chosen by its seed, from the first request to the last settlement."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, NamedTuple

from tests.simulation.at_commit import AtCommit
from tests.simulation.at_end import AtEnd
from tests.simulation.clients import Clients
from tests.simulation.clock import Clock
from tests.simulation.customers import Customers
from tests.simulation.memory import Memory
from tests.simulation.operators import Operators
from tests.simulation.post import Post
from tests.simulation.provider import Provider
from tests.simulation.relay import Relay
from tests.simulation.schedule import Schedule
from tests.simulation.telling import Habits
from tests.simulation.violations import Violated, require
from tests.simulation.words import WORDS
from tests.simulation.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    Watch = Callable[["World"], None]

HEALS_AFTER_S = 2 * 86_400.0
"""When the last fault has happened. What is under way then has all the time it needs."""

LISTED_WITHIN_S = 90.0
"""How late a list may show a refund: whoever makes one again trusts it after 120 s, of which the
call itself may have taken 25."""

STEPS_MAX = 4_000
"""Steps that a history may take; a longer one does not come to an end."""


class Wider(NamedTuple):
    """What histories can be told to leave out, or to take in.

    `asks_anew` people have a provider asked anew about payments that were given up as unheard.
    `lies_first` a provider tells of one payment's money as another's before it told the truth.
    """

    asks_anew: bool = True
    lies_first: bool = False


USUAL = Wider()


class Result(NamedTuple):
    """What became of a history. `digest` is the same for the same seed, in whatever process."""

    seed: int
    steps: int
    payments: int
    events: int
    broken: Violated | None
    digest: str


class World:
    """Everybody in a history, and the order in which they act."""

    def __init__(self, seed: int, wider: Wider = USUAL) -> None:
        self.seed = seed
        chance = random.Random(seed)
        random.seed(seed)  # The jitter of retries is drawn from the one that all share.
        WORDS.forget()
        self.clock = Clock()
        self.schedule = Schedule(self.clock)
        self.memory = Memory(self.clock)
        self.provider = Provider(_habits(chance), self.clock)
        self.customers = Customers(chance, self.schedule, self.provider)
        self.post = Post(chance, self.schedule, self.memory, lies_first=wider.lies_first)
        self.provider.tell = self.post.send
        self.clients = Clients(chance, self.schedule, self.memory, self.provider)
        self.workers = Workers(chance, self.schedule, self.memory, self.provider)
        self.relay = Relay(chance, self.schedule, self.memory, self.workers)
        self.operators = Operators(chance, self.schedule, self.memory, asks_anew=wider.asks_anew)
        self.at_commit = AtCommit(self.memory, self.provider)
        self.memory.at_commit.append(self.at_commit.look)
        self.payments = chance.choice((1, 1, 2, 3))
        self.steps = 0

    def play(self, watch: Watch | None = None) -> None:
        """Play until nothing is left to happen. Raises Violated."""
        self.clients.plan(self.payments)
        self.operators.plan()
        self._run(HEALS_AFTER_S, watch)
        self._heal()
        self._run(None, watch)
        AtEnd(self, self.at_commit).look()

    def _run(self, until_s: float | None, watch: Watch | None) -> None:
        while True:
            self.relay.plan()
            next_s = self.schedule.next_s()
            if next_s is None or (until_s is not None and next_s > until_s):
                return
            self.schedule.step()
            self.steps += 1
            require(self.steps < STEPS_MAX, "I2 all is settled in the end", "it never ends")
            if watch is not None:
                watch(self)

    def _heal(self) -> None:
        """From now on nothing goes wrong; what could not be read can be; a person replays."""
        self.clock.go_to(HEALS_AFTER_S)
        for each in (self.post, self.clients, self.workers, self.relay):
            each.is_calm = True
        WORDS.mend()
        self.schedule.later(200 * 3_600.0, self.operators.replay)

    def digest(self) -> str:
        """Return a hash of all that the stores have in the end."""
        memory = self.memory
        told = (memory.payments, memory.books, memory.facts, memory.letters, memory.refunds)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _habits(chance: random.Random) -> Habits:
    # Who has no keys and cannot say that it knows nothing is asked for a day, to no end.
    has_keys = chance.random() < 0.5
    return Habits(
        has_keys=has_keys,
        can_cancel=chance.random() < 0.5,
        proves_absence=not has_keys or chance.random() < 0.5,
        refunds=chance.choice(("plain", "linked", "totals", "both")),
        keeps_ours=chance.random() < 0.6,
        names_only=chance.random() < 0.3,
        lists_after_s=chance.choice((0.0, 60.0, LISTED_WITHIN_S)),
    )


def play(seed: int, watch: Watch | None = None, wider: Wider = USUAL) -> Result:
    """Play the history of a seed; the stores must be `installed`."""
    world = World(seed, wider)
    broken = None
    try:
        world.play(watch)
    except Violated as violated:
        broken = violated
    memory = world.memory
    return Result(
        seed, world.steps, len(memory.payments), len(memory.events), broken, world.digest()
    )
