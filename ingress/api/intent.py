"""The intent: what a service asks for when it asks for a payment."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints, ValidationInfo, field_validator
from pydantic_core import to_json

from domain.errors import AmountInvalid, CurrencyUnknown
from domain.money import Money
from domain.providers import paystack, stripe_objects
from domain.providers.amounts import to_wire
from ingress.api.models import AmountMinor, Body, Currency, CustomerId, Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

DECIMALS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {"paystack": paystack.DECIMALS, "stripe": stripe_objects.DECIMALS}
)
"""How each provider that payments can be made with writes currencies."""

METADATA_BYTES_MAX = 8_192
"""Bytes of the metadata as JSON."""

METADATA_DEPTH_MAX = 8
"""Levels of nesting of the metadata, itself included."""

FRACTION_MAX = 1e19
"""Bound of numbers with a fraction or an exponent: the store writes them out, digit by digit, and
what is answered must be good to be sent again."""

CALLBACK_URL_LENGTH_MAX = 2_000
EMAIL_LENGTH_MAX = 254


def _web_address(text: str) -> str:
    """Return the URL. Raises ValueError unless a browser can be sent there."""
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_web = is_web and parts.port != 0 and parts.username is None
    except ValueError:
        is_web = False
    if not is_web:
        raise ValueError("an http or https URL without a user is expected")
    return text


def _double(number: Decimal) -> float:
    """Return the number. Raises ValueError where it would not be given back as it was sent."""
    double = float(number)
    if abs(double) >= FRACTION_MAX:
        raise ValueError("a number with a fraction or an exponent is too large")
    if Decimal(repr(double)) != number or (not double and number.is_signed()):
        raise ValueError("a number would not be given back as it was sent")
    return double


def _plain(value: Any, depth_left: int = METADATA_DEPTH_MAX) -> Any:
    """Return JSON with fractions as doubles. Raises ValueError when too deep."""
    if isinstance(value, Decimal):
        return _double(value)
    if isinstance(value, (dict, list)) and not depth_left:
        raise ValueError(f"it is nested more than {METADATA_DEPTH_MAX} levels deep")
    if isinstance(value, dict):
        return {name: _plain(member, depth_left - 1) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member, depth_left - 1) for member in value]
    return value


def _small(value: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(value)
    if len(to_json(plain)) > METADATA_BYTES_MAX:
        raise ValueError(f"it has more than {METADATA_BYTES_MAX} bytes")
    return plain


Email = Annotated[
    str, StringConstraints(max_length=EMAIL_LENGTH_MAX, pattern=r"^[!-?A-~]+@[!-?A-~]+$")
]
WebAddress = Annotated[
    str,
    StringConstraints(max_length=CALLBACK_URL_LENGTH_MAX, pattern=r"^https?://[!-~]+$"),
    AfterValidator(_web_address),
]
Metadata = Annotated[dict[str, Any], AfterValidator(_small)]


class Intent(Body):
    """What is to be paid, by whom and by which provider.

    Without a `reference` one is made. `email` and `callback_url` are handed to the provider.
    """

    provider: Literal["paystack", "stripe"]
    amount_minor: AmountMinor
    currency: Currency
    customer_id: CustomerId
    email: Email | None = None
    reference: Reference | None = None
    callback_url: WebAddress | None = None
    metadata: Metadata | None = None

    @field_validator("currency")
    @classmethod
    def _writable(cls, currency: str, info: ValidationInfo) -> str:
        """Refuse money that the provider has no way of writing."""
        provider, amount_minor = info.data.get("provider"), info.data.get("amount_minor")
        if provider is None or amount_minor is None:
            return currency
        try:
            to_wire(Money(currency, amount_minor), DECIMALS[provider])
        except CurrencyUnknown:
            raise ValueError(f"{provider} takes no such currency") from None
        except AmountInvalid:
            raise ValueError(f"{provider} cannot be asked for so fine an amount") from None
        return currency
