"""Vocabularies: what a provider's events say, declared by where it stands in the body.

For providers whose signature covers the whole body. What does not fit is written as code in the
provider's own file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.delivery import Mode, ProviderEvent
from domain.errors import PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.money import EXPONENTS, Money
from domain.providers.event_keys import reference_hint
from domain.providers.paths import dig
from domain.providers.wire_values import Unit, is_zero, money, object_id, type_name, unix_time_s

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.providers.paths import Json

_WITHOUT_AMOUNT = frozenset({FactKind.INITIALIZED, FactKind.FAILED})


class Says(StrEnum):
    """What a type of event may say of an object."""

    INITIALIZED = "initialized"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUND_PENDING = "refund_pending"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    REFUND_TOTAL = "refund_total"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"


_MEANS: Mapping[Says, tuple[FactKind, FactStatus]] = MappingProxyType(
    {
        Says.INITIALIZED: (FactKind.INITIALIZED, FactStatus.KNOWN),
        Says.SUCCEEDED: (FactKind.SUCCEEDED, FactStatus.SUCCEEDED),
        Says.FAILED: (FactKind.FAILED, FactStatus.FAILED),
        Says.REFUND_PENDING: (FactKind.REFUND, FactStatus.PENDING),
        Says.REFUND_SUCCEEDED: (FactKind.REFUND, FactStatus.SUCCEEDED),
        Says.REFUND_FAILED: (FactKind.REFUND, FactStatus.FAILED),
        Says.REFUND_TOTAL: (FactKind.REFUND_TOTAL, FactStatus.SUCCEEDED),
        Says.DISPUTE_OPENED: (FactKind.DISPUTE, FactStatus.OPENED),
        Says.DISPUTE_WON: (FactKind.DISPUTE, FactStatus.WON),
        Says.DISPUTE_LOST: (FactKind.DISPUTE, FactStatus.LOST),
    }
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one type of event says, and where it says it. All paths are `paths.dig`'s.

    `object_id`  of the transaction, refund or dispute. `capture_id` of the transaction that a
                 refund or dispute is about, where the body has it.
    `amount`, `currency`  are not read for INITIALIZED and FAILED.
    `only_if`    paths and the texts that must stand there; elsewhere the event says nothing.
    """

    says: Says
    object_id: str
    amount: str = ""
    currency: str = ""
    capture_id: str = ""
    only_if: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The events of one provider.

    `type`       where the type of the event stands.
    `key`        the parts that name an event. A retry must have the same, another event not.
    `other_key`  the parts that name an event which lacks one of those.
    `reference`  where our reference may stand; the first that could be one is taken.
    `payment_id` where the provider's own name of the payment may stand.
    `at`         the provider's time: Unix seconds or milliseconds, or ISO 8601.
    `unit`       how amounts are written; `decimals` by how many decimals, for minor units that are
                 not those of ISO 4217.
    `currencies` what the provider writes for a currency, where that is no ISO 4217 code in
                 capitals. `currency` is the one currency of a provider that writes none.
    `mode`       where the world stands, and `modes` what is written there.
    """

    type: str
    key: tuple[str, ...]
    reference: tuple[str, ...]
    claims: Mapping[str, tuple[Claim, ...]]
    payment_id: tuple[str, ...] = ()
    at: str = ""
    unit: Unit = Unit.MINOR
    decimals: Mapping[str, int] = field(default_factory=lambda: EXPONENTS)
    currencies: Mapping[str, str] | None = None
    currency: str = ""
    other_key: tuple[str, ...] = ()
    mode: str = ""
    modes: tuple[tuple[str | bool, Mode], ...] = ((True, Mode.LIVE), (False, Mode.TEST))

    def key_parts(self, tree: Json) -> Sequence[object]:
        """Return what names the event."""
        parts = tuple(dig(tree, path) for path in self.key)
        if self.other_key and any(part in (None, "") for part in parts):
            return tuple(dig(tree, path) for path in self.other_key)
        return parts

    def reference_in(self, tree: Json) -> str | None:
        """Return our reference, where the body has one."""
        found = (reference_hint(dig(tree, path)) for path in self.reference)
        return next((each for each in found if each is not None), None)

    def translate(self, tree: Json) -> ProviderEvent:
        """Return what the body says; nothing for a type that is not in `claims`.

        Nor is anything said of an amount of zero: no provider moves one.

        Raises PayloadInvalid, AmountInvalid and CurrencyUnknown where it is not as declared.
        """
        type_ = type_name(dig(tree, self.type))
        claims = [each for each in self.claims.get(type_, ()) if _applies(each, tree)]
        claims = [each for each in claims if not each.amount or not is_zero(dig(tree, each.amount))]
        return ProviderEvent(
            type_,
            self.reference_in(tree),
            facts=tuple(self._fact(claim, tree) for claim in claims),
            mode=self._mode(tree),
            provider_reference=self._payment_id(tree),
        )

    def _fact(self, claim: Claim, tree: Json) -> Fact:
        kind, status = _MEANS[claim.says]
        at_s = unix_time_s(dig(tree, self.at)) if self.at else None
        named = object_id(dig(tree, claim.object_id))
        if kind in _WITHOUT_AMOUNT:
            return Fact(kind, named, status, at_s=at_s)
        about = dig(tree, claim.capture_id) if claim.capture_id else None
        return Fact(
            kind,
            named,
            status,
            self._money(claim, tree),
            capture_id=None if about is None else object_id(about),
            at_s=at_s,
        )

    def _money(self, claim: Claim, tree: Json) -> Money:
        written = dig(tree, claim.currency) if claim.currency else self.currency
        currency = str(written) if type(written) is int else written
        if self.currencies is not None and isinstance(currency, str):
            currency = self.currencies.get(currency)
        if not isinstance(currency, str):
            msg = f"{claim.currency or 'currency'} is not a currency of this provider"
            raise PayloadInvalid(msg)
        return money(dig(tree, claim.amount), currency, self.unit, self.decimals)

    def _mode(self, tree: Json) -> Mode | None:
        written = dig(tree, self.mode) if self.mode else None
        return next(
            (mode for each, mode in self.modes if type(each) is type(written) and each == written),
            None,
        )

    def _payment_id(self, tree: Json) -> str | None:
        found = (dig(tree, path) for path in self.payment_id)
        return next((object_id(each) for each in found if each not in (None, "")), None)


LOWER_CASE: Mapping[str, str] = MappingProxyType({each.lower(): each for each in EXPONENTS})
"""Of providers that write currencies in small letters."""


def _applies(claim: Claim, tree: Json) -> bool:
    return all(dig(tree, path) in texts for path, texts in claim.only_if)
