"""The story of a history: what each commit changed, and what was told, in words and in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.memory import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from domain.delivery import ProviderEvent
    from tests.simulation.memory import Undo
    from tests.simulation.world import World

    Say = Callable[[str], None]


class Story:
    """Says every line as it happens."""

    def __init__(self, world: World, say: Say) -> None:
        self._world = world
        self._memory = world.memory
        self._say = say
        self._tell = world.provider.tell
        world.provider.tell = self._told
        self._memory.at_commit.insert(0, self._changed)
        say(f"seed {world.seed}: {world.payments} payments, {world.provider.habits}")

    def _line(self, text: str) -> None:
        self._say(f"{self._world.clock.now_s:10.1f} s  {text}")

    def _told(self, said: ProviderEvent) -> None:
        what = ", ".join(
            f"{fact.kind} {fact.object_id} {fact.status} {_money(fact.amount)}"
            for fact in said.facts
        )
        self._line(f"provider: {said.type} of {said.reference or said.provider_reference}: {what}")
        self._tell(said)

    def _changed(self, journal: list[Undo]) -> None:
        memory = self._memory
        words: list[tuple[Any, Callable[[Any, Any], str | None]]] = [
            (memory.events, lambda _, row: f"kept {row.id}: {row.source} {row.key}"),
            (memory.work, lambda old, row: None if row else f"nothing owed of {old.event_id}"),
            (memory.payments, _payment),
            (memory.books, lambda _, row: f"posted {row.effect} {row.object_id}: {_legs(row)}"),
            (memory.letters, lambda _, row: f"letter {row.letter.event_id} {_letter(row)}"),
            (memory.refunds, lambda _, row: f"refund {row.reference} is {row.status}"),
            (memory.calls, _call),
            (memory.answers, lambda _, row: f"answered {row.fingerprint}: {row.answer}"),
            (memory.decisions, lambda _, row: f"decided: {row[-1].correction}"),
        ]
        for table, key, old in journal:
            for each, describe in words:
                if each is table:
                    line = describe(None if old is ABSENT else old, table.get(key))
                    if line is not None:
                        self._line(line)


def _money(amount: Any) -> str:
    return f"{amount.amount_minor} {amount.currency}" if amount is not None else ""


def _payment(old: Any, row: Any) -> str | None:
    if old is None:
        return f"{row.reference} is announced, {_money(row.amount)} of {row.customer_id}"
    if old.version == row.version:
        return None
    return f"{row.reference} {old.state} -> {row.state}, version {row.version}"


def _legs(row: Any) -> str:
    return ", ".join(f"{leg.account} {leg.amount_minor:+} {leg.currency}" for leg in row.legs)


def _letter(row: Any) -> str:
    return f"{row.status}: {row.letter.reason}, {row.letter.message}"


def _call(_old: Any, row: Any) -> str:
    became = row.outcome or "is made"
    return f"call {row.id} by {row.worker}, {row.asked} for {row.event_id}: {became}"
