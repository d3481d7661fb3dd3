"""What must not be told by anybody who took part, as the change of a sound world's evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import Acked, Booked, Compared, Debit, Made, Refund
from tests.chaos.sound_world import BOOKED, HEARD

if TYPE_CHECKING:
    from collections.abc import Mapping

BROKEN = Compared(1, ("something is wrong",))
PLANTED_ELSEWHERE: Mapping[str, tuple[dict[str, object], set[str]]] = {
    "an event was acknowledged twice, with two ids": (
        {"acked": (Acked(0, 1), Acked(0, 2), Acked(2, 3))},
        {"an event that is acknowledged twice has one id"},
    ),
    "two events were acknowledged with one id": (
        {"acked": (Acked(0, 1), Acked(1, 1), Acked(2, 3))},
        {"an event that is acknowledged twice has one id"},
    ),
    "nothing was acknowledged": (
        {"acked": ()},
        {"no acknowledged event is lost", "an event that is acknowledged twice has one id"},
    ),
    "the provider has another amount": (
        {"booked": (BOOKED[0]._replace(captured_minor=1001),)},
        {
            "each payment's money is what its provider booked",
            "the sums by provider and currency are what the providers' books say",
            "captured and refunded on each payment are as booked",
            "each payment has raised its customer's credit by what is theirs",
        },
    ),
    "the provider has another currency": (
        {"booked": (BOOKED[0]._replace(currency="USD"),)},
        {
            "each payment's money is what its provider booked",
            "the sums by provider and currency are what the providers' books say",
            "captured and refunded on each payment are as booked",
            "each payment has raised its customer's credit by what is theirs",
        },
    ),
    "a payment has failed, and the provider has its money": (
        {"booked": (*BOOKED, Booked("stripe", "ORD-2", "USD", 500, 0, 0, 0))},
        {
            "each payment's money is what its provider booked",
            "the sums by provider and currency are what the providers' books say",
            "captured and refunded on each payment are as booked",
            "each payment has raised its customer's credit by what is theirs",
            "no payment is final otherwise than its provider's books say",
        },
    ),
    "money came for an announced payment that is not there": (
        {"booked": (*BOOKED, Booked("paystack", "ORD-3", "NGN", 0, 0, 0, 0))},
        {"payments are kept as they were announced"},
    ),
    "a payment is there that was never announced": (
        {"booked": (BOOKED[0]._replace(is_announced=False),)},
        {"payments are kept as they were announced"},
    ),
    "the audit is not content": (
        {"audit": {"ok": False, "checked": 2, "problems": ["the hash chain is broken"]}},
        {"`payratchet audit verify` agrees"},
    ),
    "the audit could not be asked": (
        {"audit": {"error": "it did not end"}},
        {"`payratchet audit verify` agrees"},
    ),
    "an intent was opened twice": (
        {"made": Made({("initialize", "ORD-1"): 2}, (Refund("ORD-1", 100, "succeeded"),))},
        {"an intent has one effect at its provider"},
    ),
    "a refund was made twice": (
        {"made": Made({("initialize", "ORD-1"): 1}, (Refund("ORD-1", 100, "succeeded"),) * 2)},
        {"an intent has one effect at its provider"},
    ),
    "a refund failed there and succeeded here": (
        {"made": Made({("initialize", "ORD-1"): 1}, (Refund("ORD-1", 100, "failed"),))},
        {"no refund ends here otherwise than at its provider"},
    ),
    "a webhook was answered 500": (
        {"heard": replace(HEARD, answers=Counter({200: 3, 500: 1}))},
        {
            "every webhook is answered honestly, and never with a 500",
            "without faults, every genuine webhook is answered 200",
        },
    ),
    "a webhook was answered 401, and nobody has changed a secret": (
        {"heard": replace(HEARD, answers=Counter({200: 3, 401: 1}))},
        {
            "every webhook is answered honestly, and never with a 500",
            "without faults, every genuine webhook is answered 200",
        },
    ),
    "a webhook was answered 401 while a secret was changed": (
        {
            "heard": replace(
                HEARD, answers=Counter({200: 3, 401: 1}), struck=frozenset({"secret_rotation"})
            )
        },
        {"without faults, every genuine webhook is answered 200"},
    ),
    "a signature of an hour ago was let in": (
        {"heard": replace(HEARD, stale=1)},
        {"what nobody authenticated has changed nothing"},
    ),
    "a signature of an hour ago was let in by a wrong clock": (
        {"heard": replace(HEARD, stale=1, struck=frozenset({"clock_jump"}))},
        set(),
    ),
    "a webhook was answered 503 without a fault": (
        {"heard": replace(HEARD, answers=Counter({200: 3, 503: 1}))},
        {"without faults, every genuine webhook is answered 200"},
    ),
    "a webhook got no answer without a fault": (
        {"heard": replace(HEARD, unanswered=1)},
        {"without faults, every genuine webhook is answered 200"},
    ),
    "a 503 did not say when to come back": (
        {"heard": replace(HEARD, dishonest=("no Retry-After",))},
        {"every webhook is answered honestly, and never with a 500"},
    ),
    "an event was accepted twice": (
        {"heard": replace(HEARD, contradictions=("accepted twice",))},
        {"an event that is acknowledged twice has one id"},
    ),
    "a forged request became an event": (
        {"heard": replace(HEARD, forged=("r-1",))},
        {"what nobody authenticated has changed nothing"},
    ),
    "a client was let in too often": (
        {"heard": replace(HEARD, hasty=BROKEN)},
        {"without faults, no client is let in beyond its limit"},
    ),
    "an attack was not refused": (
        {"heard": replace(HEARD, attacks=BROKEN)},
        {"what nobody authenticated has changed nothing"},
    ),
}
PLANTED_IN_WHAT_WAS_ASKED: Mapping[str, tuple[dict[str, object], set[str]]] = {
    "a payment was told and is not there": (
        {"payments": {"ORD-1": ("ada", 1000, "NGN"), "ORD-3": ("ada", 1, "NGN")}},
        {"what services were told is kept as they asked"},
    ),
    "a payment is there that nobody was told of": (
        {"payments": {}},
        {"nothing is kept for a service that it was not told of"},
    ),
    "a refund is there that nobody was told of": (
        {"refunds": {}},
        {"nothing is kept for a service that it was not told of"},
    ),
    "a debit is there that nobody was told of": (
        {"debits": {}},
        {"nothing is kept for a service that it was not told of"},
    ),
    "a refund was told and is not there": (
        {"refunds": {"RE-1": ("ORD-1", 100), "RE-2": ("ORD-1", 1)}},
        {"what services were told is kept as they asked"},
    ),
    "a debit was told otherwise": (
        {"debits": {"SMS-1": Debit("ada", 51, "NGN")}},
        {"what services were told is kept as they asked"},
    ),
    "a debit was given back, as was told": (
        {"reversed": frozenset({"SMS-1"})},
        {"what services were told is kept as they asked"},
    ),
    "a key gave two answers": (
        {"same_bytes": BROKEN},
        {"the same key gives the same answer, byte for byte"},
    ),
    "a key was taken for another request": (
        {"other_body_refused": BROKEN},
        {"the same key with another body is refused with 422"},
    ),
    "a service was answered otherwise than it may expect": (
        {"unexpected": BROKEN},
        {"every service is answered as the contract says"},
    ),
    "two refunds at once went beyond the capture": (
        {"within_capture": BROKEN},
        {"no refund goes beyond its capture"},
    ),
}
PLANTED_IN_WHAT_WAS_SEEN = {
    "snapshots": "balances are the sum of the ledger, also in 1 snapshots",
    "bounds": "memory, files, threads, connections and tables stay bounded",
    "processes": "every process runs at the end",
    "settled": "everything is settled in time after the faults end",
    "duties": "what is owed while faults strike is done: stops, burials, migrations, pages",
}
