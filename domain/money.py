"""Money: integer minor units and an ISO 4217 currency. No float, no rounding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.errors import AmountInvalid, CurrencyUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping

AMOUNT_MINOR_MAX = 2**62 - 1
"""Half of what BIGINT holds, so that the sum of any two amounts still fits."""

_EXPONENT_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_EXPONENT_3 = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENT_2 = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD
HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD
RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS
UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""

EXPONENTS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(_EXPONENT_0.split(), 0)
    | dict.fromkeys(_EXPONENT_2.split(), 2)
    | dict.fromkeys(_EXPONENT_3.split(), 3)
)
"""Decimals of each currency we accept: ISO 4217, active codes with an exponent of 0, 2 or 3."""


_MAJOR_UNITS = re.compile(r"(?P<whole>[0-9]{1,30})(?:\.(?P<fraction>[0-9]{1,30}))?")


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of one currency, never negative: direction is said by what is done with it.

    Raises AmountInvalid for anything but an `int` from 0 to `AMOUNT_MINOR_MAX` (a bool is
    no amount), and CurrencyUnknown for a code that is not in `EXPONENTS` to the letter.
    """

    currency: str
    amount_minor: int

    def __post_init__(self) -> None:
        """Refuse what is not money."""
        if type(self.amount_minor) is not int or not 0 <= self.amount_minor <= AMOUNT_MINOR_MAX:
            msg = f"not an amount in minor units: {type(self.amount_minor).__name__}"
            raise AmountInvalid(msg)
        if self.currency not in EXPONENTS:
            msg = f"not an ISO 4217 currency we know: {self.currency!r:.20}"
            raise CurrencyUnknown(msg)


def from_major(amount: str, currency: str) -> Money:
    """Convert a decimal number of major units ("12.50") exactly.

    Raises AmountInvalid when the number is finer than the currency, negative, not finite or
    no number at all: an adapter never rounds.
    """
    if currency not in EXPONENTS:
        msg = f"not an ISO 4217 currency we know: {currency!r:.20}"
        raise CurrencyUnknown(msg)
    number = _MAJOR_UNITS.fullmatch(amount)
    if number is None:
        msg = "not a plain decimal number"
        raise AmountInvalid(msg)
    fraction = (number["fraction"] or "").rstrip("0")
    if len(fraction) > EXPONENTS[currency]:
        msg = f"finer than {currency} can be"
        raise AmountInvalid(msg)
    return Money(currency, int(number["whole"] + fraction.ljust(EXPONENTS[currency], "0")))
