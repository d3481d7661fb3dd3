"""The providers that can be asked and are asked nothing else, by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.providers.fawry_v2_api import FawryV2Api
from domain.providers.flutterwave_v3_api import FlutterwaveV3Api
from domain.providers.flutterwave_v4_api import FlutterwaveV4Api
from domain.providers.gocardless_api import GoCardlessApi
from domain.providers.interswitch_api import InterswitchApi
from domain.providers.klarna_api import KlarnaApi
from domain.providers.mercado_pago_api import MercadoPagoApi
from domain.providers.midtrans_api import MidtransApi
from domain.providers.mollie_classic_api import MollieClassicApi
from domain.providers.mpesa_daraja_api import MpesaDarajaApi
from domain.providers.paypal_api import PayPalApi
from domain.providers.plaid_api import PlaidApi
from domain.providers.xendit_api import XenditApi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.providers.look_up import LookUp

_ALL: tuple[LookUp, ...] = (
    FawryV2Api(),
    FlutterwaveV3Api(),
    FlutterwaveV4Api(),
    GoCardlessApi(),
    InterswitchApi(),
    KlarnaApi(),
    MercadoPagoApi(),
    MidtransApi(),
    MollieClassicApi(),
    MpesaDarajaApi(),
    PayPalApi(),
    PlaidApi(),
    XenditApi(),
)

LOOK_UPS: Mapping[str, LookUp] = MappingProxyType({each.name: each for each in _ALL})
"""Every one of them; which are asked depends on whose key is set."""
