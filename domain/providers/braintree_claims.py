"""Braintree's vocabulary: what its notifications say about money.

A refund is a transaction of the type `credit`. A sale is a success once it is settled; one that is
charged by a subscription, once it is charged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import PayloadInvalid, RefetchRequired
from domain.providers.paths import dig
from domain.providers.vocabulary import Claim, Says, Vocabulary
from domain.providers.wire_values import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.providers.paths import Json

    Texts = tuple[str, ...]

_TRANSACTION = "subject.transaction"
_CHARGED = "subject.subscription.transactions.0"
_DISPUTE = "subject.dispute"
_REFUNDED = "refunded-transaction-id"
_KINDS_THAT_TAKE = ("chargeback", "pre_arbitration")
"""Kinds of a dispute; a third one, `retrieval`, asks for papers and takes no money."""


def _claim(says: Says, path: str, *, about: str = "", field: str = "", is_: Texts = ()) -> Claim:
    """Return the claim about what lies at the path, if its `field` is one of the texts."""
    return Claim(
        says,
        f"{path}.id",
        f"{path}.amount",
        f"{path}.currency-iso-code",
        capture_id=f"{path}.{about}" if about else "",
        only_if=((f"{path}.{field}", is_),) if field else (),
    )


def _of_sale(says: Says) -> Claim:
    return _claim(says, _TRANSACTION, field="type", is_=("sale",))


def _of_credit(says: Says) -> Claim:
    return _claim(says, _TRANSACTION, about=_REFUNDED, field="type", is_=("credit",))


def _of_dispute(says: Says) -> tuple[Claim, ...]:
    return (_claim(says, _DISPUTE, about="transaction.id", field="kind", is_=_KINDS_THAT_TAKE),)


_CLAIMS: Mapping[str, tuple[Claim, ...]] = {
    "transaction_settled": (
        _of_sale(Says.SUCCEEDED),
        _of_credit(Says.REFUND_SUCCEEDED),
    ),
    "transaction_settlement_declined": (
        _of_sale(Says.FAILED),
        _of_credit(Says.REFUND_FAILED),
    ),
    "refund_failed": (_claim(Says.REFUND_FAILED, _TRANSACTION, about=_REFUNDED),),
    "subscription_charged_successfully": (_claim(Says.SUCCEEDED, _CHARGED),),
    "subscription_charged_unsuccessfully": (_claim(Says.FAILED, _CHARGED),),
    "dispute_opened": _of_dispute(Says.DISPUTE_OPENED),
    "dispute_under_review": _of_dispute(Says.DISPUTE_OPENED),
    "dispute_disputed": _of_dispute(Says.DISPUTE_OPENED),
    # Nobody answered in time. Money that was taken stays taken, but it is not said to be final.
    "dispute_expired": _of_dispute(Says.DISPUTE_OPENED),
    "dispute_won": _of_dispute(Says.DISPUTE_WON),
    "dispute_lost": _of_dispute(Says.DISPUTE_LOST),
    "dispute_accepted": _of_dispute(Says.DISPUTE_LOST),
    "dispute_auto_accepted": _of_dispute(Says.DISPUTE_LOST),
}

VOCABULARY = Vocabulary(
    type="kind",
    key=(),
    reference=(
        f"{_TRANSACTION}.order-id",
        f"{_DISPUTE}.transaction.order-id",
        f"{_CHARGED}.order-id",
    ),
    payment_id=(
        f"{_TRANSACTION}.{_REFUNDED}",
        f"{_TRANSACTION}.id",
        f"{_DISPUTE}.transaction.id",
        f"{_CHARGED}.id",
    ),
    claims=_CLAIMS,
    at="timestamp",
    unit=Unit.MAJOR,
)


def require_plain(tree: Json) -> None:
    """Refuse what the vocabulary would pass over in silence, or read wrongly.

    Raises PayloadInvalid for a transaction that is no sale and no credit and for a dispute of no
    kind that we know; RefetchRequired for a subscription of which nobody says which transaction was
    charged, and for a dispute that was won in part.
    """
    kind = dig(tree, "kind")
    if not isinstance(kind, str) or kind not in _CLAIMS:
        return
    if kind in ("transaction_settled", "transaction_settlement_declined"):
        _require(dig(tree, f"{_TRANSACTION}.type"), ("sale", "credit"), "type of a transaction")
    if kind.startswith("dispute_"):
        kinds = (*_KINDS_THAT_TAKE, "retrieval")
        _require(dig(tree, f"{_DISPUTE}.kind"), kinds, "kind of a dispute")
    charged = dig(tree, "subject.subscription.transactions")
    if isinstance(charged, list) and len(charged) > 1:
        raise RefetchRequired("a subscription does not say which transaction was charged")
    won = dig(tree, f"{_DISPUTE}.amount-won")
    if kind == "dispute_won" and won not in (None, dig(tree, f"{_DISPUTE}.amount")):
        raise RefetchRequired("a dispute was won, but not all of it")


def _require(found: Json, known: Texts, what: str) -> None:
    if found not in known:
        msg = f"not a {what} that we know: {found!r:.40}"
        raise PayloadInvalid(msg)
