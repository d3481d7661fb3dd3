"""Paystack's API: how it is asked and what its answers mean. https://paystack.com/docs/api/.

It has no idempotency keys and cannot end a payment. A reference is taken once: asking for a second
transaction under it is refused and gives no authorization URL. A transaction that nobody has paid
yet may be called abandoned; should it be paid later, its success is told and counts.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import StringConstraints

from domain.asking import Told
from domain.delivery import Mode
from domain.errors import PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.providers.api import (
    PATH_STEPS,
    ApiRequest,
    about_another,
    get,
    understand,
    unwritable,
    wire_amount,
)
from domain.providers.paystack import DECIMALS, claims
from domain.providers.paystack_answers import is_not_found, require_accepted
from domain.providers.shapes import ObjectId, Shape, TypeName, read, unix_time_s

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.asking import Asking
    from domain.providers.api import ApiAnswer

EMAIL_DOMAIN = "customers.example.com"
"""Paystack takes nothing without an email. A customer of whom we know none gets one here: reserved
for ever (RFC 2606), so that no mail reaches anybody, and under a top-level domain that every
validator knows."""

Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,2040}$")]

_LOCAL_PART = re.compile(r"(?=.{1,64}$)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
PAID = frozenset({"success", "reversed"})
"""Statuses of a transaction that money has come by."""

_ENDED = frozenset({"failed", "abandoned"})
_UNDER_WAY = frozenset({"ongoing", "pending", "processing", "queued"})


class _Started(Shape):
    authorization_url: Url
    reference: str


class _StartedAnswer(Shape):
    status: Literal[True]
    data: _Started


class Transaction(Shape):
    """A transaction, whatever has become of it."""

    id: ObjectId
    status: TypeName
    reference: str | None = None
    domain: Literal["test", "live"] | None = None


class _TransactionAnswer(Shape):
    status: Literal[True]
    data: Transaction


def initialize(asking: Asking) -> ApiRequest:
    """Write the start of a payment.

    Raises ProviderRefused for money that Paystack cannot write, and for a reference that could not
    be looked up again because it is no part of a path.
    """
    if asking.reference in PATH_STEPS:
        raise unwritable("reference_unusable")
    body: dict[str, Any] = {
        "email": asking.email or _email(asking.customer_id),
        "amount": wire_amount(asking.amount, DECIMALS),
        "currency": asking.amount.currency,
        "reference": asking.reference,
        "metadata": {"customer_id": asking.customer_id},
    }
    if asking.callback_url:
        body["callback_url"] = asking.callback_url
    return ApiRequest("POST", ("transaction", "initialize"), json=body)


def read_initialized(answer: ApiAnswer, asking: Asking, *, mode: Mode | None = None) -> Told:
    """Read what starting a payment gave. Raises ReferenceTaken where it was there already.

    `mode` is the world of our key, and so of the answer, which does not say it.
    """
    require_accepted(answer)
    started = understand(answer, lambda tree: read(_StartedAnswer, tree)).data
    if started.reference != asking.reference:
        raise about_another(answer)
    return Told(
        facts=(_initialized(asking.reference),),
        authorization_url=started.authorization_url,
        mode=mode,
        status="initialized",
        answer=answer.body,
    )


def verify(asking: Asking) -> ApiRequest:
    """Write the question what became of a payment."""
    return get("transaction", "verify", asking.reference)


def read_verified(answer: ApiAnswer, asking: Asking, *, mode: Mode | None = None) -> Told:
    """Read what became of a payment, but for its refunds.

    `mode` is the world of our key. That nothing is known of the payment is true of this world only.
    """
    if is_not_found(answer):
        return Told(is_known=False, mode=mode, status="not_found", answer=answer.body)
    require_accepted(answer)
    return understand(answer, lambda tree: _told(tree, asking, answer, mode))


def made_at_s(data: Mapping[str, Any]) -> int | None:
    """Return when a transaction was made, Unix seconds. Paystack writes it in two ways."""
    return unix_time_s(data.get("created_at") or data.get("createdAt"))


def is_paid(told: Told) -> bool:
    """Say whether money has come, so that there may be refunds of it."""
    return told.status in PAID


def _told(tree: dict[str, Any], asking: Asking, answer: ApiAnswer, mode: Mode | None) -> Told:
    found = read(_TransactionAnswer, tree).data
    if found.reference != asking.reference:
        raise PayloadInvalid("answered about another reference")
    return Told(
        facts=_facts(found, tree["data"], asking.reference),
        provider_reference=found.id,
        mode=Mode(found.domain) if found.domain else mode,
        is_final=found.status in PAID or found.status in _ENDED,
        made_at_s=made_at_s(tree["data"]),
        status=found.status,
        answer=answer.body,
    )


def _facts(found: Transaction, data: dict[str, Any], reference: str) -> tuple[Fact, ...]:
    """Reversed money has come first, and gone by refunds or disputes, which are told as such."""
    if found.status in PAID:
        return claims("charge.success", data | {"status": "success"})[0]
    if found.status in _ENDED:
        return (Fact(FactKind.FAILED, found.id, FactStatus.FAILED),)
    return (_initialized(reference),) if found.status in _UNDER_WAY else ()


def _initialized(reference: str) -> Fact:
    """Name it by our reference: the API gives a transaction no id before it is looked up."""
    return Fact(FactKind.INITIALIZED, reference, FactStatus.KNOWN)


def _email(customer_id: str) -> str:
    """Return the address of a customer who has none, always the same one."""
    if _LOCAL_PART.fullmatch(customer_id):
        return f"{customer_id}@{EMAIL_DOMAIN}"
    return f"{hashlib.sha256(customer_id.encode()).hexdigest()[:32]}@{EMAIL_DOMAIN}"
