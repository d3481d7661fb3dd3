"""The journal: what services asked over the API, under which keys, and every byte of answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import uuid

PROBLEMS_MAX = 100
"""Problems of one kind that are kept in words."""


class Told(NamedTuple):
    """A final answer, byte for byte."""

    status: int
    body: bytes

    @property
    def tree(self) -> dict[str, Any]:
        """What it says; nothing where it is no object of JSON."""
        try:
            tree = json.loads(self.body)
        except ValueError:
            return {}
        return tree if isinstance(tree, dict) else {}

    @property
    def code(self) -> str:
        """The code of a refusal."""
        return str(self.tree.get("code", ""))


class Asked(NamedTuple):
    """A request under a key."""

    what: str
    path: str
    body: bytes
    key: uuid.UUID


class Debit(NamedTuple):
    """Credit that was spent, in minor units."""

    customer_id: str
    amount_minor: int
    currency: str


@dataclass(slots=True)
class Checked:
    """How often something was compared, and what contradicted."""

    checked: int = 0
    problems: list[str] = field(default_factory=list)

    def note(self, problem: str | None) -> None:
        """Count one comparison, and what is wrong with it if anything is."""
        self.checked += 1
        if problem is not None and len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)


@dataclass(slots=True)
class Journal:
    """Grows as the shop is answered.

    `payments` has (customer, amount, currency) of each reference that was acknowledged, `refunds`
    (payment, amount) of each refund, `debits` what was spent, `reversed` which of it came back,
    `cancelled` the payments whose cancellation was accepted.
    `same_bytes` compares answers under one key, `other_body` the refusals of a key that was used
    for something else, `within_capture` two refunds at once. `unexpected` are answers that nothing
    excuses.
    """

    payments: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict)
    debits: dict[str, Debit] = field(default_factory=dict)
    reversed: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    answers: dict[uuid.UUID, Told] = field(default_factory=dict)
    same_bytes: Checked = field(default_factory=Checked)
    other_body: Checked = field(default_factory=Checked)
    within_capture: Checked = field(default_factory=Checked)
    unexpected: Checked = field(default_factory=Checked)

    def answered(self, asked: Asked, told: Told) -> None:
        """Keep the first answer of a key, and compare each later one with it."""
        first = self.answers.setdefault(asked.key, told)
        if first is told:
            return
        problem = None
        if first != told:
            problem = f"{asked.what} {asked.key}: {_shown(first)} and then {_shown(told)}"
        self.same_bytes.note(problem)


def _shown(told: Told) -> str:
    return f"{told.status} {told.body.decode(errors='replace')}"
