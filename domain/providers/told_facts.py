"""Facts as look-ups tell them: each is named as the provider names the object it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.money import EXPONENTS
from domain.providers.paths import dig
from domain.providers.wire_values import Unit, is_zero, money, object_id, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from domain.money import Money
    from domain.providers.paths import Json


def under_way(payment_id: str) -> Fact:
    """Say that the payment is known there; no money has moved."""
    return Fact(FactKind.INITIALIZED, payment_id, FactStatus.KNOWN)


def paid(payment_id: str, amount: Money) -> Fact:
    """Say that the customer's money has come."""
    return Fact(FactKind.SUCCEEDED, payment_id, FactStatus.SUCCEEDED, amount)


def failed(payment_id: str) -> Fact:
    """Say that no money will come by this object."""
    return Fact(FactKind.FAILED, payment_id, FactStatus.FAILED)


def refund(refund_id: str, status: FactStatus, amount: Money, capture_id: str) -> Fact:
    """Say how far one refund has come."""
    return Fact(FactKind.REFUND, refund_id, status, amount, capture_id)


def refund_total(capture_id: str, amount: Money) -> Fact:
    """Say how much was given back of a payment altogether."""
    return Fact(FactKind.REFUND_TOTAL, capture_id, FactStatus.SUCCEEDED, amount, capture_id)


def dispute(dispute_id: str, status: FactStatus, amount: Money, capture_id: str) -> Fact:
    """Say how a dispute stands."""
    return Fact(FactKind.DISPUTE, dispute_id, status, amount, capture_id)


def major(tree: Json, amount: str, currency: str, *, default: str = "") -> Money:
    """Read major units and their currency, both by path; `default` where none is written."""
    return _read(tree, amount, currency, default, Unit.MAJOR)


def minor(
    tree: Json,
    amount: str,
    currency: str,
    *,
    default: str = "",
    decimals: Mapping[str, int] = EXPONENTS,
) -> Money:
    """Read minor units and their currency, both by path."""
    return _read(tree, amount, currency, default, Unit.MINOR, decimals)


def _read(  # noqa: PLR0917 - two callers, both above
    tree: Json,
    amount: str,
    currency: str,
    default: str,
    unit: Unit,
    decimals: Mapping[str, int] = EXPONENTS,
) -> Money:
    code = dig(tree, currency) if currency else None
    if code is None:
        code = default
    if not isinstance(code, str):
        raise PayloadInvalid("no currency is told")
    return money(dig(tree, amount), code, unit, decimals)


def name(tree: Json, path: str) -> str:
    """Return the provider's id that stands at the path. Raises PayloadInvalid where none does."""
    return object_id(dig(tree, path))


def word(tree: Json, path: str) -> str:
    """Return the word at the path, such as a status. Raises PayloadInvalid where there is none."""
    return type_name(dig(tree, path))


def listed(tree: Json, path: str) -> Iterator[Json]:
    """Go through the list at the path; there may be none. Raises PayloadInvalid for what is not."""
    found = dig(tree, path)
    if found is None:
        return
    if not isinstance(found, list):
        msg = f"{path} is no list"
        raise PayloadInvalid(msg)
    yield from found


def is_nothing(tree: Json, path: str) -> bool:
    """Say whether no money is told of at the path: nothing stands there, or zero."""
    found = dig(tree, path)
    return found is None or is_zero(found)
