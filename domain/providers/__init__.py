"""The providers we can hear, one dialect a file, by the name in the path of their webhooks."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from domain.delivery import Provider
from domain.providers.adyen import Adyen
from domain.providers.braintree import Braintree
from domain.providers.cashfree import Cashfree
from domain.providers.checkout_com import CheckoutCom
from domain.providers.fawry_v2 import FawryV2
from domain.providers.flutterwave_v3 import FlutterwaveV3
from domain.providers.flutterwave_v4 import FlutterwaveV4
from domain.providers.gocardless import GoCardless
from domain.providers.interswitch import Interswitch
from domain.providers.klarna import Klarna
from domain.providers.korapay import Korapay
from domain.providers.lemon_squeezy import LemonSqueezy
from domain.providers.mercado_pago import MercadoPago
from domain.providers.midtrans import Midtrans
from domain.providers.mollie_classic import MollieClassic
from domain.providers.mollie_nextgen import MollieNextgen
from domain.providers.monnify import Monnify
from domain.providers.mpesa_daraja import MpesaDaraja
from domain.providers.paddle_billing import PaddleBilling
from domain.providers.paymongo import Paymongo
from domain.providers.paypal import PayPal
from domain.providers.paystack import Paystack
from domain.providers.plaid import Plaid
from domain.providers.polar import Polar
from domain.providers.razorpay import Razorpay
from domain.providers.shopify import Shopify
from domain.providers.square import Square
from domain.providers.standard_webhooks import StandardWebhooks
from domain.providers.stripe import Stripe
from domain.providers.wise import Wise
from domain.providers.xendit import Xendit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.providers.card import Card


class Dialect(Provider, Protocol):
    """A provider, and what a person must know of it."""

    @property
    def card(self) -> Card:
        """Return its card."""


_ALL: tuple[Dialect, ...] = (
    Adyen(),
    Braintree(),
    Cashfree(),
    CheckoutCom(),
    FawryV2(),
    FlutterwaveV3(),
    FlutterwaveV4(),
    GoCardless(),
    Interswitch(),
    Klarna(),
    Korapay(),
    LemonSqueezy(),
    MercadoPago(),
    Midtrans(),
    MollieClassic(),
    MollieNextgen(),
    Monnify(),
    MpesaDaraja(),
    PaddleBilling(),
    Paymongo(),
    PayPal(),
    Paystack(),
    Plaid(),
    Polar(),
    Razorpay(),
    Shopify(),
    Square(),
    StandardWebhooks(),
    Stripe(),
    Wise(),
    Xendit(),
)

PROVIDERS: Mapping[str, Dialect] = MappingProxyType({each.name: each for each in _ALL})
"""Every provider; which of them are there for the outside depends on who has a secret."""
