"""Mutants that no test can kill, because they change nothing that anybody could see.

Each is named as a survivor is printed, with why it is the same.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALWAYS_AN_AMOUNT = "A fact about money cannot be made without an amount: this is for the type."
_ANY_OF_NONE = "Any of none is False already."
_SHORTCUT = "A short cut: where nothing waits, what waits is found to be nothing."
_STAND_IN = "A stand-in is told by its kind; nobody sees what it is called."

EQUIVALENT: Mapping[str, str] = MappingProxyType(
    {
        "domain.arrays:_TextForms.__missing__: b'' -> b'XX'": "Nothing is written of what is NULL.",
        "domain.decide:_Posted.__contains__: 1 -> 2": (
            "A first fact alone posts a capture or a fee, and neither ever vanishes."
        ),
        "domain.fold: 'corrected' -> 'XXcorrected'": _STAND_IN,
        "domain.fold: 'corrected' -> 'XXcorrected' (2)": _STAND_IN,
        "domain.fold:_weigh: len(known) < len(refunded) -> len(known) <= len(refunded)": _SHORTCUT,
        "domain.fold:_weigh: len(disputes) < len(told) -> len(disputes) <= len(told)": _SHORTCUT,
        "domain.fold:_state: disputes and any((not outflows.is_settled(case) for case in "
        "disputes)) -> any((not outflows.is_settled(case) for case in disputes))": _ANY_OF_NONE,
        "domain.fold:_state: disputes and any((outflows.is_lost(case) for case in disputes)) -> "
        "any((outflows.is_lost(case) for case in disputes))": _ANY_OF_NONE,
        "domain.judgement:_unclaimed: fact.kind is FactKind.SUCCEEDED and fact.amount is not None "
        "and fact.amount.amount_minor -> fact.kind is FactKind.SUCCEEDED and "
        "fact.amount.amount_minor": _ALWAYS_AN_AMOUNT,
        "domain.money:from_major: '0' -> 'XX0'": "A fraction has digits alone: no X is stripped.",
        "domain.outflows:disputed_minor: (fact.amount for fact in facts if fact.amount is not "
        "None) -> (fact.amount for fact in facts)": _ALWAYS_AN_AMOUNT,
        "domain.outflows:_outflow: (fact.amount for fact in facts if fact.amount is not None) -> "
        "(fact.amount for fact in facts)": _ALWAYS_AN_AMOUNT,
        "domain.purse:fees: (fact.amount for fact in facts if fact.amount is not None) -> "
        "(fact.amount for fact in facts)": _ALWAYS_AN_AMOUNT,
        "domain.providers.event_keys:parts_of: not colon or not _LENGTH.fullmatch(length) or "
        "len(rest) < int(length) -> not _LENGTH.fullmatch(length) or len(rest) < int(length)": (
            "Without a colon nothing is left, and that is shorter than any length."
        ),
        "domain.rates: re.compile('(?P<requests>[1-9][0-9]{0,5})/(?P<period>second|minute|hour|day)"
        "') -> re.compile('(?P<requests>[1-9][0-9]{0,6})/(?P<period>second|minute|hour|day)')": (
            "Seven digits are more than `REQUESTS_MAX` anyway."
        ),
        "domain.refunds:_Desk._is_covered: zip(self.facts[:since], standing, strict=False) -> "
        "zip(self.facts[:since], standing)": "It is so without being said.",
        "domain.retelling:_movement: told['credit_minor'] > 0 -> told['credit_minor'] >= 0": (
            "It is not asked where nothing was credited."
        ),
    }
)
