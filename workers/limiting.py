"""Limiting: how much money one person may move, and when another must agree.

The limit is that of the database, whatever a process or a person has in the environment. What the
same person has moved alone within a day is added to what they are about to move.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from domain import money_limit
from domain.errors import Permanent
from domain.money_limit import ALONE_WITHIN_S
from domain.retelling import amount
from workers.store import event_edits, money_limits, operators

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from domain.money_limit import Excess, MoneyLimit
    from workers.database import Database, Transaction
    from workers.store.ledger import Posting
    from workers.store.money_limits import Act

    NeedsSecond = Callable[[Mapping[str, int]], bool]

OWN_BOUND = "it is above what this console or command lets one person move"


def of_database(tx: Transaction) -> MoneyLimit:
    """Return the limit of one person that holds for everybody."""
    return money_limit.parse(money_limits.read(tx).text)


def settle(database: Database, text: str, *, actor: str) -> bool:
    """Write the limit; return whether it was another. What changes it is kept for ever.

    Raises ValueError for what is no limit, and psycopg.errors.InsufficientPrivilege for anybody
    but the owner of the database.
    """
    money_limit.parse(text)
    with database.transaction() as tx:
        before = money_limits.read(tx).text
        is_new = money_limits.write(tx, text, set_by=actor)
        if is_new:
            details = {"before": before, "after": text}
            operators.note(
                tx, actor, "money_limit_set", "money_limit", reason="migrate", details=details
            )
    return is_new


def nobody(_: Mapping[str, int]) -> bool:
    """Ask for no second person beyond what the database says."""
    return False


def moves_alone(
    tx: Transaction,
    act: Act,
    amounts_minor: Mapping[str, int],
    *,
    needs_second: NeedsSecond = nobody,
) -> str | None:
    """Keep that a person moves these amounts alone, or return why a second one must agree.

    `needs_second` is a further bound of the caller's own. Nothing is kept where a second person
    is asked. Others who weigh acts of the same person wait until the transaction has ended, so that
    two at once are not each held against the same sum.
    """
    if not any(amounts_minor.values()):
        return None
    money_limits.take_turns(tx, act.actor)
    sooner = money_limits.moved_alone_minor(tx, act.actor, within_s=ALONE_WITHIN_S)
    excess = of_database(tx).excess(amounts_minor, sooner)
    if excess is not None:
        return _words(excess)
    if needs_second(amounts_minor):
        return OWN_BOUND
    money_limits.keep(tx, act, amounts_minor)
    return None


class EditOutgrown(Permanent):
    """An event that a person has edited would move more by now than was weighed then.

    It is set aside. Whoever replays it has it weighed anew.
    """


def hold_to_weight(tx: Transaction, event_ids: Sequence[int], postings: Sequence[Posting]) -> None:
    """Raise EditOutgrown where one of these events posts more than was weighed of its edit."""
    allowed = event_edits.allowed_minor(tx, event_ids)
    for event_id, most in allowed.items():
        for currency, minor in _moved_minor(event_id, postings).items():
            if minor > most.get(currency, 0):
                now, then = amount(minor, currency), amount(most.get(currency, 0), currency)
                raise EditOutgrown(
                    f"it would move {now} now, and {then} when it was edited: a replay weighs it"
                    " anew"
                )


def _moved_minor(event_id: int, postings: Sequence[Posting]) -> dict[str, int]:
    """Return what an event's postings move, by currency, as `weighing` sums what is written."""
    accounts: Counter[tuple[str, str]] = Counter()
    for posting in postings:
        if posting.event_id == event_id:
            for leg in posting.movement.legs:
                accounts[leg.account, leg.currency] += leg.amount_minor
    moved: Counter[str] = Counter()
    for (_, currency), minor in accounts.items():
        moved[currency] += max(0, minor)
    return dict(moved)


def _words(excess: Excess) -> str:
    moves, most = (
        amount(minor, excess.currency) for minor in (excess.amount_minor, excess.limit_minor)
    )
    if not excess.sooner_minor:
        return f"it moves {moves}, and one person may move {most}"
    sooner = amount(excess.sooner_minor, excess.currency)
    hours = ALONE_WITHIN_S // 3_600
    return (
        f"it moves {moves}, with {sooner} that you moved alone within the last {hours} hours; "
        f"one person may move {most}"
    )
