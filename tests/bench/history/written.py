"""What is stored of a payment, and what the service itself writes for the same event.

Nothing is computed here: translation, judgement, steps with their hashes and postings are those of
`domain` and `workers`, in memory.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, NamedTuple

from domain import audit
from domain.announcement import Announcement, genesis_fields
from domain.delivery import Delivery, Secret
from domain.fold import fold
from domain.judgement import Changed, Heard, Known, judge
from domain.ledger import CUSTOMER_PREFIX
from domain.money import Money
from domain.payment import Asked
from domain.providers.paystack import Paystack
from domain.signing import key_id
from tests.bench.stage.supply import SECRET, SIGNATURE_HEADER
from workers.outcome import Outcome
from workers.store.inbox import Work
from workers.translating import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.store.payments import Step, StoredFact

    Row = dict[str, Any]


class Written(NamedTuple):
    """All that one event leaves behind, but for the numbers of rows and the running balance."""

    key: tuple[object, ...]
    payment: tuple[object, ...]
    steps: Sequence[Step]
    facts: Sequence[StoredFact]
    entries: Sequence[tuple[object, ...]]
    lines: Sequence[tuple[object, ...]]
    names: Sequence[tuple[object, ...]]

    def differences(self, other: Written) -> list[str]:
        """Return the names of the parts that are not the same."""
        return [
            name
            for name, mine, theirs in zip(self._fields, self, other, strict=True)
            if mine != theirs
        ]


def by_the_service(payment: Row, event: Row, applied_at: Any) -> Written:
    """Return what workers write when they apply this event to this payment, just announced.

    Raises ValueError when they would not apply it; errors of `domain` when it cannot be read.
    """
    work = Work(
        event["id"], event["received_at"], "events", event["received_at"], 0, 0, None,
        event["source"], event["account"], event["event_key"], event["mode"],
        event["request_id"], event["body"], applied_at,
    )  # fmt: skip
    known = _announced(payment)
    heard = Heard(work.event_id, work.source, work.account, None, replayed=False, said=say(work))
    verdict = judge(heard, known)
    if not isinstance(verdict, Changed) or verdict.burial is not None:
        raise ValueError(f"the service would say {verdict}")
    outcome = Outcome("check")
    after = outcome.change(work, heard, known, verdict.change, is_new_name=True)
    return Written(
        _key(event),
        (after.position.state, after.position.captured_minor, after.position.refunded_minor,
         after.position.disputed_minor, after.version, after.head_hash,
         outcome.moved[after.payment_id].provider_reference),
        outcome.steps, outcome.facts, _entries(outcome), _lines(outcome),
        [tuple(alias) for alias in outcome.aliases],
    )  # fmt: skip


def _announced(payment: Row) -> Known:
    money = Money(payment["currency"], payment["amount_minor"])
    announcement = Announcement(
        payment["reference"],
        payment["provider"],
        money,
        payment["customer_id"],
        account=payment["account"],
        client_id=payment["client_id"],
    )
    asked = Asked(money, payment["provider"], payment["customer_id"])
    genesis = audit.genesis(genesis_fields(announcement, payment["announced_by"]))
    return Known(
        payment["id"], payment["reference"], asked, payment["account"], 0, genesis, (),
        fold(asked, ()),
    )  # fmt: skip


def _key(event: Row) -> tuple[object, ...]:
    """Return what the ingress makes of the body, signed: whom it is about, and its names."""
    body: bytes = event["body"]
    signature = hmac.new(SECRET.encode(), body, hashlib.sha512).hexdigest()
    delivery = Delivery([(SIGNATURE_HEADER.encode(), signature.encode())], body, 0)
    verified = Paystack().verify(delivery, [Secret(key_id(SECRET), SECRET.encode())])
    (keyed,) = verified.events
    return (keyed.key, keyed.reference, verified.key_id, hashlib.sha256(body).digest())


def _entries(outcome: Outcome) -> list[tuple[object, ...]]:
    return [
        (p.movement.effect, p.movement.object_id, number, leg.account, leg.amount_minor,
         leg.currency, p.event_id, p.at)
        for p in outcome.postings
        for number, leg in enumerate(p.movement.legs, start=1)
    ]  # fmt: skip


def _lines(outcome: Outcome) -> list[tuple[object, ...]]:
    return [
        (p.reference, p.client_id, leg.account.removeprefix(CUSTOMER_PREFIX), leg.currency, p.kind,
         leg.amount_minor, p.movement.effect, p.at)
        for p in outcome.postings
        for leg in p.movement.legs
        if leg.account.startswith(CUSTOMER_PREFIX)
    ]  # fmt: skip
