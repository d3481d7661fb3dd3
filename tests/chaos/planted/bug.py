"""A planted bug: what is wrong, where, by what it is planted, and what must tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.chaos.options import NO_FAULTS, ORDERS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[Any], None]

WEBS = ("web-1", "web-2")
WORKERS = ("worker-1", "worker-2")
RELAYS = ("relay-1", "relay-2")
APPLYING = (*WORKERS, *RELAYS)
"""Who applies events: a relay drives the replays of many dead letters."""

SETTLING = "everything is settled in time"
RESTING = "every event comes to rest"
LOST = "no acknowledged event is lost"
ONE_ID = "an event that is acknowledged twice has one id"
BOOKED = "each payment's money is what its provider booked"
ROWS = "captured and refunded on each payment are as booked"
SUMS = "the sums by provider and currency"
BALANCES = "balances are the sum of the ledger"
ONCE = "nothing is applied twice"
LEGAL = "no illegal transition was ever persisted"
VERSIONS = "versions have no gap"
AUDIT = "`payratchet audit verify` agrees"
RESCUED = "without faults, no constraint came to the rescue"
REFUNDS = "no refund goes beyond its capture"
FINAL = "no payment is final otherwise"
ONE_ANSWER = "the same key gives the same answer"
ONE_REQUEST = "the same key with another body is refused"
ONE_EFFECT = "an intent has one effect at its provider"
NOT_REFUSED = "no call is taken for refused that had its effect"
REFUNDS_END = "no refund ends here otherwise"
UNEXPECTED = "every service is answered as the contract says"
HONEST = "every webhook is answered honestly"
STRANGERS = "what nobody authenticated has changed nothing"
SECRETS = "no secret is in any log"
BOUNDED = "memory, files, threads, connections"
LETTERS = "every dead letter says why"
PROMPT = "without faults, an event is applied"
TOLD = "nothing is kept for a service that it was not told of"
COMMANDS = "every command comes to its end"
LIMITS = "without faults, no client is let in"
CLAIMS = "no claim of a worker is left behind"
"""How the names of invariants begin that tell bugs."""


class Plant(NamedTuple):
    """A change of one module of the service, made once that is loaded, before anybody uses it."""

    module: str
    change: Change

    @property
    def word(self) -> str:
        """Return how a process is told of it."""
        return f"{self.module}={self.change.__module__}:{self.change.__qualname__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One wrong thing, told by at least one of the invariants `told_by`, by how they begin.

    `saved_by` says which other layer keeps it from harm when it is planted alone: then what tells
    it is that layer's rescue, in a run without faults. `statements` are run by the owner of the
    database, after the migration. `known_from` is a seed that is known to tell it. Where a
    constraint of the database saves it, `rescued_by` has its name, or what it says.
    """

    name: str
    sentence: str
    told_by: tuple[str, ...]
    where: tuple[str, ...] = ()
    plants: tuple[Plant, ...] = ()
    statements: tuple[str, ...] = ()
    faults: tuple[str, ...] = (NO_FAULTS,)
    saved_by: str = ""
    rescued_by: tuple[str, ...] = ()
    lasts_s: float = 12.0
    rate_per_s: float = 90.0
    orders_per_s: float = ORDERS_PER_S
    fault_every_s: float = 2.0
    known_from: int = 7
