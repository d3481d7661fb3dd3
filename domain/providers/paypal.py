"""PayPal: an RSA signature by a certificate that every delivery names anew.

What is signed of the body is its CRC-32, which anybody can match: nothing in it is proven.
Documented at https://developer.paypal.com/api/rest/webhooks/rest/.
"""

from __future__ import annotations

import binascii
import functools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain import signing
from domain.delivery import Hearsay, KeyWanted, Mode
from domain.errors import OutcomeUnknown, SignatureInvalid
from domain.providers.card import Card
from domain.providers.certificates import proven_leaf, rsa_key_of
from domain.providers.local_urls import API_URL, LOOPBACK, host_of
from domain.providers.paths import dig
from domain.providers.public_keys import rsa_sha256_proves
from domain.providers.token import Unproven

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.delivery import Delivery, KeyAnswer, Secret
    from domain.providers.trust import Claimed

HOSTS: Mapping[Mode, str] = MappingProxyType(
    {Mode.LIVE: "api.paypal.com", Mode.TEST: "api.sandbox.paypal.com"}
)
"""Where the certificates of each world are."""

_LIVE_NAME = "messageverificationcerts.paypal.com"
_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        HOSTS[Mode.LIVE]: (_LIVE_NAME,),
        HOSTS[Mode.TEST]: ("messageverificationcerts.sandbox.paypal.com", _LIVE_NAME),
    }
)
"""Whose certificates they are."""

_CERTIFICATE_PATH = re.compile(r"/v1/notifications/certs/[A-Za-z0-9-]{1,100}")
_WORD = re.compile(rb"[!-{}~]{1,200}")
"""Visible ASCII without the bar, which would let the signed parts change their borders."""

_GONE = frozenset({404, 410})
_OK = 200
_REFERENCES = (
    "resource.invoice_id",
    "resource.custom_id",
    "resource.invoice_number",
    "resource.custom",
    "resource.purchase_units.0.invoice_id",
    "resource.purchase_units.0.custom_id",
    "resource.disputed_transactions.0.invoice_number",
    "resource.disputed_transactions.0.custom",
)


class PayPal(Unproven):
    """Events of one PayPal webhook, live or sandbox."""

    name = "paypal"
    secret_form = re.compile(r"[A-Za-z0-9-]{10,64}")
    settings = (API_URL,)
    ignored = (
        "BILLING.",
        "CATALOG.",
        "CUSTOMER.MANAGED-ACCOUNT.",
        "CUSTOMER.MERCHANT-INTEGRATION.",
        "IDENTITY.",
        "MERCHANT.",
        "PAYMENT.PAYOUTS",
        "VAULT.",
    )
    card = Card(
        title="PayPal (REST webhooks)",
        scheme="RSA (PKCS #1 v1.5) with SHA-256 over `transmission id|time|webhook id|CRC-32 of"
        " the body`, base64, in `paypal-transmission-sig`; the key is in the certificate that"
        " `paypal-cert-url` names",
        key="the id of the webhook, as PayPal's dashboard shows it: it is what the signature is"
        " bound to; web fetches the certificate itself",
        retries="25 tries over 3 days",
        covers="nothing",
        refetch="required",
        confidence="medium",
        sources=(
            "https://developer.paypal.com/api/rest/webhooks/rest/",
            "https://github.com/paypal/PayPal-Python-SDK",
        ),
        doubts=(
            "the names of the certificate: they are those that PayPal's Java SDK asked for",
            "whether the certificates between it and an authority come with it; they must",
            "whether a retry keeps the time that was signed first: no age is refused",
            "`PAYMENT.CAPTURE.DECLINED`",
        ),
        traps=(
            "a CRC-32 is no proof: a captured delivery can be changed at will and still verifies",
            "`paypal-cert-url` is the sender's word: only PayPal's own two hosts are ever called",
            "`SHA1withRSA` is refused",
            "`CHECKOUT.ORDER.APPROVED` is no payment yet",
        ),
    )

    def key_wanted(self, delivery: Delivery, secrets: Sequence[Secret]) -> KeyWanted | None:
        """Want the certificate that the delivery names, where the account may fetch it."""
        del secrets
        url, host = self._certificate(delivery)
        names = _NAMES.get(host, _NAMES[HOSTS[Mode.TEST]])
        return KeyWanted(
            url,
            url,
            frozenset({host}),
            functools.partial(_certificate, names=names),
            is_local=host in LOOPBACK,
        )

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Verify what was signed for each webhook id with the certificate's key."""
        code = signing.required_header(delivery, b"paypal-transmission-sig")
        stamp = b"|".join(
            [
                _word(delivery, b"paypal-transmission-id"),
                _word(delivery, b"paypal-transmission-time"),
            ]
        )
        url, _ = self._certificate(delivery)
        if url not in delivery.keys:
            raise SignatureInvalid("the certificate has not been fetched")
        key = rsa_key_of(delivery.keys[url], at_s=delivery.received_at_s)
        crc = binascii.crc32(delivery.body)
        for secret in secrets:
            if rsa_sha256_proves(key, code, b"%b|%b|%d" % (stamp, secret.value, crc)):
                return secret.key_id
        msg = f"the certificate signed this for none of {len(secrets)} webhook ids, or not at all"
        raise SignatureInvalid(msg)

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name the event by its id. One that was changed on its way is only asked about."""
        del delivery
        return (tree.get("id"),)

    def reference(self, tree: dict[str, Any]) -> object:
        """Return whom the event claims to be about."""
        found = (dig(tree, path) for path in _REFERENCES)
        return next((each for each in found if each not in (None, "")), None)

    def hear(self, claimed: Claimed) -> Hearsay:
        """Ask about the capture, refund, order or dispute that is named."""
        return Hearsay(
            claimed.type_name("event_type", otherwise=self.name),
            claimed.hint(*_REFERENCES),
            claimed.hint("resource.id", "resource.dispute_id"),
        )

    def _certificate(self, delivery: Delivery) -> tuple[str, str]:
        """Return the address of the certificate, and its host.

        Raises SignatureInvalid for every address but those where this account's can be.
        """
        if signing.required_header(delivery, b"paypal-auth-algo") != b"SHA256withRSA":
            raise SignatureInvalid("paypal-auth-algo is not SHA256withRSA")
        url = signing.required_header(delivery, b"paypal-cert-url").decode("latin-1")
        for base in self._bases():
            if url.startswith(base) and _CERTIFICATE_PATH.fullmatch(url[len(base) :]):
                return url, host_of(base)
        raise SignatureInvalid("paypal-cert-url is no address of a certificate of this account")

    def _bases(self) -> list[str]:
        if "API_URL" in self.values:
            return [self.values["API_URL"]]
        return [f"https://{host}" for mode, host in HOSTS.items() if self.mode in (None, mode)]


def _word(delivery: Delivery, name: bytes) -> bytes:
    value = signing.required_header(delivery, name)
    if _WORD.fullmatch(value) is None:
        msg = f"{name.decode()} is empty, too long or holds a bar or a blank"
        raise SignatureInvalid(msg)
    return value


def _certificate(answer: KeyAnswer, names: tuple[str, ...]) -> bytes:
    if answer.status in _GONE:
        raise SignatureInvalid("PayPal has no such certificate")
    if answer.status != _OK:
        msg = f"answered with status {answer.status}"
        raise OutcomeUnknown(msg, http_status=answer.status)
    return proven_leaf(answer, names)
