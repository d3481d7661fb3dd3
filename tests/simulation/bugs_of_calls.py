"""Bugs of calls to the provider, and of refunds."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from domain import calls, refunds, tries
from domain.errors import OutcomeUnknown, ProviderRefused
from domain.facts import Fact, FactKind, FactStatus
from tests.simulation import world
from tests.simulation.bug import bug
from tests.simulation.workers import Workers
from workers import apply
from workers.calling.refunding import Refunding
from workers.calling.unheard import Unheard
from workers.store import provider_calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.asking import ToldRefund
    from domain.refunds import Refund
    from domain.tries import Asked, Try
    from tests.simulation.memory import Memory
    from tests.simulation.workers import Flight
    from workers.calling.case import Case
    from workers.calling.closing import Answer

LISTED_LATE_S = 600.0

right_write = Workers.write


def _silence_refuses(self: Workers, flight: Flight, answer: Answer) -> None:
    if isinstance(answer, OutcomeUnknown):
        answer = ProviderRefused("timed out", http_status=504)
    right_write(self, flight, answer)


_numbers = count()


def _fresh_key(self: Refunding, case: Case) -> str:
    del self
    return f"payratchet:{case.command.refund}:{next(_numbers)}"


def _always(made: Sequence[Try], asked: Asked, *, keys_live_s: float) -> bool:
    del made, asked, keys_live_s
    return True


def _current(tx: Memory, call_id: int) -> bool:
    del tx, call_id
    return True


def _never_made(tx: Memory, debt: str, *, initialize_key: str) -> bool:
    del tx, debt, initialize_key
    return False


def _any_of_amount(told: Iterable[ToldRefund], refund: Refund) -> ToldRefund | None:
    return next((each for each in told if each.amount == refund.amount), None)


def _silence_fails(self: Unheard, tx: Any, outcome: Any, case: Case) -> None:
    del self
    fact = Fact(FactKind.FAILED, case.command.reference, FactStatus.FAILED)
    apply.judge_heard(tx, outcome, [case.work], [case.heard((fact,))])


BUGS = (
    bug("silence is a refusal", "I16", (Workers, "write", _silence_refuses)),
    bug("each try has a key of its own", "I15", (Refunding, "key", _fresh_key), known_from=45),
    bug("a doubtful refund is repeated blindly", "I15", (tries, "is_worth_repeating", _always)),
    bug("a late list is trusted at once", "I15", (calls, "REFUND_SHOWS_S", 0.0), known_from=50),
    bug(
        "lists are later than was promised",
        "I15",
        (world, "LISTED_WITHIN_S", LISTED_LATE_S),
        known_from=50,
    ),
    bug("whoever wakes late is believed", "I27", (provider_calls, "is_current", _current)),
    bug(
        "not found is never made", "I16", (provider_calls, "may_exist", _never_made), known_from=290
    ),
    bug("unheard is failed", "I16", (Unheard, "finish", _silence_fails), known_from=50),
    bug(
        "a refund is known by its amount",
        "I5 I16 I15",
        (refunds, "of", _any_of_amount),
        known_from=50,
    ),
    bug("a settled refund is settled again", "I27", (refunds.Refund, "is_open", True)),
)
