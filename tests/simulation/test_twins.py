"""The twins do to memory what the statements do to Postgres: one script is played upon both."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

from domain.announcement import Announcement
from domain.correcting import possible
from domain.delivery import ProviderEvent
from domain.errors import PayloadInvalid, RefetchRequired
from domain.money import Money
from domain.transitions import State
from domain.wakeup import Lane
from tests.domain.test_order import ALL_FACTS
from tests.simulation.api import Api
from tests.simulation.clock import Clock
from tests.simulation.database import MemoryDatabase
from tests.simulation.installing import installed, replaced
from tests.simulation.memory import Memory
from tests.simulation.words import ACCOUNT, SOURCE, WORDS, Message
from tests.workers.scene import Scene
from workers import correcting, failing, healing, reading, sweeps
from workers.announce import announce
from workers.apply import apply_events
from workers.history import DecidedBy
from workers.store import dead_letters, payments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workers.database import Database

SCRIPTS = 8
ACTS = 14
PAYMENTS = 3
ASKED = Money("NGN", 1_000)

Table = list[tuple[Any, ...]]


class Stage(Protocol):
    """One of the two stores, as the script uses it."""

    database: Database

    def announce(self, reference: str) -> None: ...
    def keep(self, message: Message) -> int: ...
    def owed(self) -> list[int]: ...
    def open_letters(self) -> list[int]: ...


class InMemory:
    """The twins."""

    def __init__(self) -> None:
        self.memory = Memory(Clock())
        self.database = cast("Database", MemoryDatabase(self.memory))

    def announce(self, reference: str) -> None:
        with self.database.transaction() as tx:
            Api().pay(self.memory, reference, "ada", ASKED, hands_over=False)
            healing.take_up(tx, dead_letters.of_references(tx, [reference]))

    def keep(self, message: Message) -> int:
        name = (SOURCE, ACCOUNT, message.key)
        event_id = self.memory.keep(name, message.body, message.reference, Lane.EVENTS)
        assert event_id is not None
        return event_id

    def owed(self) -> list[int]:
        return sorted(self.memory.work)

    def open_letters(self) -> list[int]:
        return [name for name, row in self.memory.letters.items() if row.status == "open"]

    def tables(self) -> dict[str, Table]:
        memory = self.memory
        names = {row.id: row.reference for row in memory.payments.values()}
        bodies = {row.id: _name(row.source, row.key, row.body) for row in memory.events.values()}
        found: dict[str, Table] = {
            "payments": [
                (*row[1:2], *row[9:10], *row[10:16], row.provider_reference)
                for row in memory.payments.values()
            ],
            "facts": [
                (names[payment_id], place, fact.kind, fact.object_id, fact.status, fact.capture_id)
                for payment_id, facts in memory.facts.items()
                for place, fact in enumerate(facts)
            ],
            "steps": [
                (names[payment_id], *step[1:5], step.reason)
                for payment_id, steps in memory.steps.items()
                for step in steps
            ],
            "books": [
                (names.get(row.payment_id or 0), row.effect, row.object_id, *_leg(leg))
                for row in memory.books.values()
                for leg in row.legs
            ],
            "balances": [(*owner, *balance) for owner, balance in memory.balances.items()],
            "letters": [
                (bodies[row.letter.event_id], row.status, row.letter.reason, row.letter.message)
                for row in memory.letters.values()
            ],
            "waiting": [(names[name[0]], name[1], bodies[name[2]]) for name in memory.waiting],
            "aliases": [(name[2], names[owner]) for name, owner in memory.aliases.items()],
            "work": [(bodies[row.event_id], row.lane) for row in memory.work.values()],
        }
        return _sorted(found)


class InPostgres:
    """The statements."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.database = scene.database

    def announce(self, reference: str) -> None:
        announced = Announcement(reference, SOURCE, ASKED, "ada")
        announce(self.database, [announced], actor="operator:test")

    def keep(self, message: Message) -> int:
        return self.scene.receive(message.body, source=SOURCE, reference=message.reference)

    def owed(self) -> list[int]:
        return self.scene.owed()

    def open_letters(self) -> list[int]:
        return [row[0] for row in self.scene.rows(_OPEN_LETTERS)]

    def tables(self) -> dict[str, Table]:
        found = {name: self.scene.rows(query) for name, query in _QUERIES.items()}
        for name in ("letters", "waiting", "work"):
            place = {"letters": 0, "waiting": 2, "work": 0}[name]
            found[name] = [
                (*row[:place], _name(*row[place : place + 3]), *row[place + 3 :])
                for row in found[name]
            ]
        return _sorted(found)


_OPEN_LETTERS = "SELECT id FROM dead_letters WHERE status = 'open' ORDER BY event_id"

_QUERIES = {
    "payments": """SELECT reference, state, lock_version, captured_minor, refunded_minor,
        disputed_minor, cancelled, corrected, provider_reference FROM payment_logs""",
    "facts": """SELECT p.reference, row_number() OVER (PARTITION BY payment_id ORDER BY f.id) - 1,
        kind, object_id, status, capture_id
        FROM payment_facts f JOIN payment_logs p ON p.id = f.payment_id""",
    "steps": """SELECT p.reference, version, from_state, event, to_state, reason
        FROM payment_transitions t JOIN payment_logs p ON p.id = t.payment_id""",
    "books": """SELECT p.reference, effect, object_id, e.account, e.amount_minor, e.currency
        FROM ledger_entries e LEFT JOIN payment_logs p ON p.id = e.payment_id""",
    "balances": "SELECT customer_id, currency, balance_minor, version FROM customer_balances",
    "letters": """SELECT e.source, e.event_key, e.body, d.status, d.reason, d.message
        FROM dead_letters d JOIN inbound_events e ON e.id = d.event_id""",
    "waiting": """SELECT p.reference, object_id, e.source, e.event_key, e.body
        FROM waiting_captures w JOIN payment_logs p ON p.id = w.payment_id
        JOIN inbound_events e ON e.id = w.event_id""",
    "aliases": """SELECT r.provider_reference, p.reference
        FROM provider_references r JOIN payment_logs p ON p.id = r.payment_id""",
    "work": """SELECT e.source, e.event_key, e.body, lane
        FROM inbound_work w JOIN inbound_events e ON e.id = w.event_id""",
}


def _name(source: str, key: str, body: bytes) -> str:
    """Name an event by what it is: numbers of their own are all that two stores differ in."""
    return body.decode() if source == SOURCE else key.rpartition(":")[0]


def _leg(leg: Any) -> tuple[str, int, str]:
    return (leg.account, leg.amount_minor, leg.currency)


def _sorted(tables: dict[str, Table]) -> dict[str, Table]:
    return {name: sorted(tuple(map(str, row)) for row in rows) for name, rows in tables.items()}


def act(stage: Stage, chance: random.Random, story: str) -> None:
    """Do one thing that the chance chooses: the same upon both stores."""
    fate, reference = chance.random(), f"{story}-{chance.randrange(PAYMENTS)}"
    if fate < 0.2:
        stage.announce(reference)
    elif fate < 0.75:
        hear(stage, [said(chance, story) for _ in range(chance.randint(1, 3))])
    elif fate < 0.85:
        with stage.database.transaction() as tx:
            healing.take_up(tx, stage.open_letters(), "again")
    elif fate < 0.95:
        decide(stage, chance, reference)
    sweeps.take_up_announced(stage.database)
    apply_events(stage.database, stage.owed(), worker="script")


def said(chance: random.Random, story: str) -> Message:
    number = chance.randrange(PAYMENTS)
    reference, name = f"{story}-{number}", f"{story}-D{number}"
    fate = chance.random()
    if fate < 0.05:
        return WORDS.of(PayloadInvalid("not as documented"), reference)
    if fate < 0.12:
        return WORDS.of(RefetchRequired("too little"), reference)
    fact = chance.choice(ALL_FACTS)
    fact = replace(fact, object_id=f"{fact.object_id}-{reference}")
    if fact.capture_id is not None:
        fact = replace(fact, capture_id=f"{fact.capture_id}-{reference}")
    told = reference if fate < 0.8 else None
    return WORDS.of(ProviderEvent("told", told, (fact,), provider_reference=name), told)


def hear(stage: Stage, messages: Sequence[Message]) -> None:
    event_ids = [stage.keep(message) for message in messages]
    apply_events(stage.database, event_ids, worker="script")


def decide(stage: Stage, chance: random.Random, reference: str) -> None:
    with stage.database.transaction() as tx:
        known = payments.lock(tx, [reference]).get(reference)
        choices = possible(known) if known is not None else []
        if choices and known is not None and known.position.state is State.REVIEW:
            planned = correcting.plan(tx, reference, chance.choice(choices))
            correcting.write(tx, planned, DecidedBy("operator:ada", None, "so they say"))


def play(stage: Stage) -> None:
    """Play all scripts; what each does is chosen by its number alone."""
    for number in range(SCRIPTS):
        chance = random.Random(number)
        for _ in range(ACTS):
            act(stage, chance, f"s{number}")


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    made = Scene(database_url)
    yield made
    made.close()


def test_what_is_done_to_memory_is_what_is_done_to_postgres(scene: Scene) -> None:
    WORDS.forget()
    stage, twin = InPostgres(scene), InMemory()
    with replaced(reading, "say", WORDS.say), replaced(failing, "say", WORDS.say):
        play(stage)
    WORDS.forget()
    with installed():
        play(twin)

    there, here = stage.tables(), twin.tables()
    assert min(len(rows) for name, rows in there.items() if name != "work") > 0
    for name, rows in there.items():
        assert here[name] == rows, name
