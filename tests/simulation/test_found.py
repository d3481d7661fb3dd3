"""What histories have brought to light, each as the shortest story that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from domain.commands import Command, CommandKind
from domain.delivery import ProviderEvent
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.refunds import Refund, is_alike
from domain.transitions import State
from domain.wakeup import Lane
from tests.simulation.api import Api
from tests.simulation.installing import installed
from tests.simulation.twins.letters import enqueue
from tests.simulation.words import ACCOUNT, SOURCE, WORDS
from tests.simulation.world import World
from workers import correcting, healing
from workers.apply import apply_in
from workers.calling.beginning import begin
from workers.history import DecidedBy
from workers.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workers.database import Transaction

NGN_1000 = Money("NGN", 1_000)


class Scene:
    """A world in which nothing happens by itself."""

    def __init__(self) -> None:
        self.memory = World(0).memory
        self.memory.at_commit.clear()
        self.tx = cast("Transaction", self.memory)
        self._asked = 0

    def announce(self, reference: str) -> None:
        Api().pay(self.memory, reference, "ada", NGN_1000, hands_over=False)

    def hear(self, reference: str, name: str, *facts: Fact) -> int:
        said = ProviderEvent("payment", reference, facts, provider_reference=name)
        message = WORDS.of(said, reference)
        event = (SOURCE, ACCOUNT, message.key)
        event_id = self.memory.keep(event, message.body, reference, Lane.EVENTS)
        assert event_id is not None
        apply_in(self.tx, [event_id], worker="w")
        return event_id

    def replay(self, event_id: int) -> None:
        healing.take_up(self.tx, [event_id], "it should go through now")
        apply_in(self.tx, [event_id], worker="w")

    def give_up(self, reference: str) -> None:
        """Do what the schedule does at its end."""
        self._asked += 1
        number = str(self._asked)
        kind = CommandKind.UNHEARD
        command = Command(kind, SOURCE, ACCOUNT, reference, "payratchet", number=number)
        [event_id] = enqueue(self.memory, [command], request_id="scene")
        begin(self.tx, Outcome("w"), event_id, command, None, found=None)

    def correct(self, reference: str, to_state: State) -> None:
        planned = correcting.plan(self.tx, reference, to_state)
        correcting.write(self.tx, planned, DecidedBy("operator:ada", None, "ask them again"))

    def state(self, reference: str) -> State:
        return State(self.memory.payments[self.memory.ids[reference]].state)

    def held_there_minor(self) -> int:
        """Return what our books say that the provider holds for us."""
        return -sum(
            leg.amount_minor
            for row in self.memory.books.values()
            for leg in row.legs
            if leg.account == f"provider_clearing:{SOURCE}"
        )


@pytest.fixture
def scene() -> Iterator[Scene]:
    with installed():
        yield Scene()


def captured(transaction: str) -> Fact:
    return Fact(FactKind.SUCCEEDED, transaction, FactStatus.SUCCEEDED, NGN_1000)


def test_a_payment_that_was_unheard_and_is_asked_about_anew_can_be_unheard_again(
    scene: Scene,
) -> None:
    scene.announce("pay-0")
    scene.hear("pay-0", "D1", Fact(FactKind.INITIALIZED, "D1", FactStatus.KNOWN))
    scene.give_up("pay-0")
    scene.correct("pay-0", State.PROCESSING)

    scene.give_up("pay-0")

    assert scene.state("pay-0") is State.REVIEW


def test_money_of_an_event_that_is_refused_again_stays_in_suspense(scene: Scene) -> None:
    letter = scene.hear("pay-0", "D1", captured("T1"))
    scene.announce("pay-1")
    scene.hear("pay-1", "D1", captured("T2"))
    scene.announce("pay-0")

    scene.replay(letter)

    assert scene.held_there_minor() == 2_000


def test_a_refund_that_a_webhook_has_told_of_may_be_ours_before_a_list_shows_it() -> None:
    ours = Refund("rf1", NGN_1000, "sent", facts_before=1)
    told = Fact(FactKind.REFUND, "R1", FactStatus.PENDING, NGN_1000, "T1")

    assert is_alike((), ours, (), (captured("T1"), told))
