"""The shop: a service of the same company that asks for payments, verifications and refunds."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.soak.asking import Line
from tests.soak.errors import SoakFailed
from tests.soak.intents import UUID_VERSION, Refunding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.soak.asking import Answer
    from tests.soak.intents import Intent

LINES = 16
"""Connections that ask at the same time."""

ACCEPTED = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED})


@dataclass(slots=True)
class Journal:
    """What the shop was told.

    `payments` has the intent of each reference that was acknowledged, `answers` the bytes.
    `refunds` has what was acknowledged: the refund's reference and the amount by payment.
    `tries` counts what each single request came to.
    """

    payments: dict[str, Intent] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict)
    repeats: int = 0
    differing: list[str] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)


class Shop:
    """Asks over real HTTP; `journal` grows as it is answered."""

    def __init__(self, ingress_url: str, api_key: str, *, seed: int) -> None:
        self.journal = Journal()
        self.gate = asyncio.Event()
        """Closed while the shop is to wait with further payments."""
        self.gate.set()
        self._url = ingress_url
        self._api_key = api_key
        self._rng = random.Random(seed)

    async def ask(self, intents: Sequence[Intent]) -> None:
        """Ask for all of them; return when each is acknowledged."""
        waiting = iter(intents)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(LINES):
                tasks.create_task(self._work(waiting))

    async def refund(self, references: Sequence[str]) -> None:
        """Give these payments back, as their intents say; return when each is acknowledged."""
        async with self._line() as line:
            for reference in references:
                await self._refund(line, reference)

    async def verify(self, references: Sequence[str]) -> None:
        """Have it found out what became of these payments; return when each is acknowledged."""
        async with self._line() as line:
            for reference in references:
                key = uuid.UUID(int=self._rng.getrandbits(128), version=UUID_VERSION)
                _require(await line.post(f"/v1/payments/{reference}/verify", {}, key))

    def to_refund(self) -> list[str]:
        """Return the references of acknowledged payments that are to be given back and were not."""
        return [
            reference
            for reference, intent in self.journal.payments.items()
            if intent.refunding is not Refunding.NONE and reference not in self.journal.refunds
        ]

    def _line(self) -> Line:
        rng = random.Random(self._rng.getrandbits(64))
        return Line(self._url, self._api_key, rng=rng, tries=self.journal.tries)

    async def _work(self, waiting: Iterator[Intent]) -> None:
        async with self._line() as line, self._line() as beside:
            for intent in waiting:
                await self.gate.wait()
                await self._ask(intent, line, beside)

    async def _ask(self, intent: Intent, line: Line, beside: Line) -> None:
        asked = intent.body()
        if intent.is_twice_at_once:
            first, second = await asyncio.gather(
                line.post("/v1/payments", asked, intent.key),
                beside.post("/v1/payments", asked, intent.key),
            )
            self._compare(first, second)
        else:
            first = await line.post("/v1/payments", asked, intent.key)
        reference = self._note(intent, first)
        if intent.is_repeated:
            self._compare(first, await line.post("/v1/payments", asked, intent.key))
        if intent.is_verified:
            _require(await line.post(f"/v1/payments/{reference}/verify", {}, intent.verify_key))

    def _note(self, intent: Intent, answer: Answer) -> str:
        _require(answer)
        reference: str = answer.told["reference"]
        if reference in self.journal.payments:
            raise SoakFailed(f"two intents were answered with the payment {reference}")
        self.journal.payments[reference] = intent
        self.journal.answers[reference] = answer
        return reference

    def _compare(self, first: Answer, again: Answer) -> None:
        self.journal.repeats += 1
        if first != again:
            self.journal.differing.append(f"{first} and then {again}")

    async def _refund(self, line: Line, reference: str) -> None:
        intent = self.journal.payments[reference]
        asked: dict[str, object] = {"reason": "returned"}
        if intent.refunding is Refunding.PART:
            asked["amount_minor"] = intent.amount_minor // 2
        answer = await line.post(f"/v1/payments/{reference}/refunds", asked, intent.refund_key)
        _require(answer)
        told = answer.told
        self.journal.refunds[reference] = (told["reference"], told["amount_minor"])


def _require(answer: Answer) -> None:
    if answer.status not in ACCEPTED:
        said = answer.body.decode(errors="replace")
        raise SoakFailed(f"the API answered {answer.status} to what is in order: {said}")
