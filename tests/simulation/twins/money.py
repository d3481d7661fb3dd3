"""Twins of `workers.store.ledger`, `workers.store.balances` and `workers.store.refunds`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from domain.ledger import CUSTOMER_PREFIX, Leg, Movement
from domain.refunds import OPEN, Refund
from tests.simulation.rows import MovementRow
from workers.store.balances import Balance
from workers.store.refunds import Asked

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from domain.refunds import Matched
    from tests.simulation.memory import Memory
    from workers.store.balances import Owner
    from workers.store.ledger import Books


def lock(tx: Memory, owners: Collection[Owner]) -> dict[Owner, Balance]:
    return {each: tx.balances.get(each, Balance(0, 0)) for each in sorted(owners)}


def write(self: Books, tx: Memory) -> None:
    for _, rows in groupby(self.held, key=_number):
        _post(tx, list(rows), is_held=True)
    for _, rows in groupby(self.legs, key=_number):
        _post(tx, list(rows), is_held=False)
    for owner, balance in self.moved.items():
        tx.put(tx.balances, owner, balance)


def _number(row: Any) -> int:
    number: int = row[0]
    return number


def _post(tx: Memory, rows: Sequence[Any], *, is_held: bool) -> None:
    payment_id, effect, object_id = rows[0][2:5]
    name = (payment_id, effect, object_id)
    if name in tx.books:
        if is_held:
            return
        tx.refuse("ledger_entries_effect_once")
    legs = tuple(Leg(*row[5:8]) for row in rows)
    if any(sum(leg.amount_minor for leg in legs if leg.currency == each.currency) for each in legs):
        tx.refuse("ledger_entries_balanced")
    tx.put(tx.books, name, MovementRow(tx.fresh_id(), *name, legs))


def is_topped_up(tx: Memory, payment_id: int) -> bool:
    return any(
        leg.account.startswith(CUSTOMER_PREFIX) and leg.amount_minor > 0
        for name, row in tx.books.items()
        if name[:2] == (payment_id, "capture")
        for leg in row.legs
    )


def unclaimed(tx: Memory, object_ids: Sequence[str]) -> dict[str, Movement]:
    return {
        object_id: Movement("unclaimed", object_id, row.legs)
        for object_id in sorted(object_ids)
        if (row := tx.books.get((None, "unclaimed", object_id))) is not None
        and (None, "unclaimed_release", object_id) not in tx.books
    }


def unclaimed_about(tx: Memory, stem: str) -> list[str]:
    return sorted(
        name[2]
        for name in tx.books
        if name[0] is None and name[1] == "unclaimed" and name[2].startswith(stem)
    )


def of_payments(tx: Memory, payment_ids: Sequence[int]) -> dict[int, list[Asked]]:
    found: dict[int, list[Asked]] = {}
    for row in tx.refunds.values():
        if row.payment_id in payment_ids:
            refund = Refund(
                row.reference,
                row.amount,
                row.status,
                row.provider_refund_id,
                row.object_id,
                row.facts_before,
            )
            found.setdefault(row.payment_id, []).append(
                Asked(refund, row.payment_id, row.client_id, None)
            )
    return found


def mark_sent(tx: Memory, reference: str, *, facts_before: int) -> None:
    row = tx.refunds[reference]
    if row.status == "requested":
        tx.put(tx.refunds, reference, row._replace(status="sent", facts_before=facts_before))


def change(tx: Memory, matched: Matched) -> None:
    for reference, provider_refund_id in matched.named:
        row = tx.refunds[reference]
        named = row._replace(provider_refund_id=provider_refund_id, status="sent")
        tx.put(tx.refunds, reference, named)
    for settled in matched.settled:
        row = tx.refunds[settled.reference]
        if row.status not in OPEN:
            tx.refuse("refunds_settled_once")
        ended = row._replace(status=settled.status, object_id=settled.object_id, is_settled=True)
        tx.put(tx.refunds, settled.reference, ended)
