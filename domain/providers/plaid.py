"""Plaid: a web token that proves the body by its hash, with a key that must be asked for.

Documented at https://plaid.com/docs/api/webhooks/webhook-verification/.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints

from domain import signing
from domain.delivery import Hearsay, KeyWanted, Mode, ProviderEvent, Setting
from domain.errors import PayloadInvalid, SignatureInvalid
from domain.providers import web_token
from domain.providers.card import Card
from domain.providers.local_urls import API_URL, LOOPBACK, host_of
from domain.providers.one_event import OneEventProvider
from domain.providers.plaid_keys import jwk, shown_key
from domain.providers.shapes import Shape, read
from domain.providers.trust import Claimed
from domain.providers.wire_values import type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Said, Secret
    from domain.providers.plaid_keys import Jwk

KEY_PATH = "/webhook_verification_key/get"

_HEARD = frozenset({"PAYMENT_INITIATION", "TRANSFER", "BANK_TRANSFERS"})
_NUDGES = frozenset({"TRANSFER.TRANSFER_EVENTS_UPDATE"})
_MODES = {"production": Mode.LIVE, "sandbox": Mode.TEST}

_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Claims(Shape):
    iat: int
    request_body_sha256: _Sha256


class Plaid(OneEventProvider):
    """Notices for one Plaid client, production or sandbox. They only say that something changed."""

    name = "plaid"
    settings = (
        Setting("CLIENT_ID", "the client id of the API", r"[A-Za-z0-9]{8,64}"),
        API_URL,
    )
    card = Card(
        title="Plaid",
        scheme="a web token (ES256) in `plaid-verification`, which has the SHA-256 of the body; its"
        " key is asked for at Plaid's API by the name that the token gives",
        key="the API secret of the client; web asks for the public key with it",
        retries="up to 24 h, first after 30 s, each pause 4 times the last",
        refetch="required",
        sources=(
            "https://plaid.com/docs/api/webhooks/webhook-verification/",
            "https://github.com/plaid/plaid-openapi",
        ),
        doubts=(
            "how retries are paced, and how long an answer may take",
            "whether a retry is signed anew: if it is, it is asked about once more",
            "whether a key is shown to one client only",
        ),
        traps=(
            "a token that verifies proves nothing of the body until its hash is compared",
            "the hash is of the bytes as sent, with their indentation",
            "`TRANSFER_EVENTS_UPDATE` names no transfer: all open payments are asked about",
            "set the mode: without one, keys are asked for in production",
        ),
    )

    def key_wanted(self, delivery: Delivery, secrets: Sequence[Secret]) -> KeyWanted | None:
        """Want the key that the token names, as it is shown to the newest secret."""
        key_id = _token(delivery).key_id
        if not secrets:
            return None
        base = self.values.get("API_URL") or f"https://{self._environment()}.plaid.com"
        secret = secrets[0].value.decode("latin-1")
        asked = {
            "client_id": self.values.get("CLIENT_ID", ""),
            "secret": secret,
            "key_id": key_id,
        }
        host = host_of(base)
        return KeyWanted(
            _name(secrets[0], key_id),
            base + KEY_PATH,
            frozenset({host}),
            functools.partial(shown_key, key_id=key_id),
            content=json.dumps(asked).encode(),
            is_local=host in LOOPBACK,
        )

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Verify the token with a key that was shown to one of the secrets, then the body's hash.

        The time comes last: who cannot sign must not learn what is accepted.
        """
        token = _token(delivery)
        shown_to, key = _signer(token, delivery, secrets)
        claims = _claims(token)
        body_sha256 = hashlib.sha256(delivery.body).hexdigest()
        if not hmac.compare_digest(claims.request_body_sha256, body_sha256):
            raise SignatureInvalid("the token is of another body")
        if key.expired_at is not None and key.expired_at <= delivery.received_at_s:
            raise SignatureInvalid("the key has expired")
        signing.require_fresh(claims.iat, received_at_s=delivery.received_at_s)
        return shown_to

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name the notice by what was signed: the body's hash, and the time.

        The same words are sent whenever something changes, so the body alone is no name.
        """
        del tree
        claims = _claims(_token(delivery))
        return (claims.request_body_sha256, claims.iat)

    def reference(self, tree: dict[str, Any]) -> object:
        """Return what we had a payment called."""
        return tree.get("original_reference")

    def translate(self, tree: dict[str, Any]) -> Said:
        """Say whom to ask about: payments and transfers, of which nothing else is told."""
        family = type_name(tree.get("webhook_type"))
        type_ = type_name(f"{family}.{tree.get('webhook_code')}")
        mode = _MODES.get(str(tree.get("environment")))
        if family not in _HEARD:
            return ProviderEvent(type_, None, mode=mode)
        claimed = Claimed(tree)
        return Hearsay(
            type_,
            claimed.hint("original_reference"),
            claimed.hint("payment_id", "transfer_id"),
            mode,
            is_nudge=type_ in _NUDGES,
            is_signed=True,
        )

    def _environment(self) -> str:
        return "sandbox" if self.mode is Mode.TEST else "production"


def _token(delivery: Delivery) -> web_token.WebToken:
    return web_token.read(signing.required_header(delivery, b"plaid-verification"))


def _claims(token: web_token.WebToken) -> _Claims:
    try:
        return read(_Claims, token.claims())
    except PayloadInvalid:
        raise SignatureInvalid("the token has not the claims that Plaid signs") from None


def _signer(
    token: web_token.WebToken, delivery: Delivery, secrets: Sequence[Secret]
) -> tuple[str, Jwk]:
    """Return the key that has signed, and the name of the secret that it was shown to."""
    found = [(secret.key_id, delivery.keys.get(_name(secret, token.key_id))) for secret in secrets]
    keys = [(name, jwk(shown)) for name, shown in found if shown is not None]
    if not keys:
        raise SignatureInvalid("the key that the token names has not been fetched")
    for name, key in keys:
        if token.is_signed_with(key.public_key()):
            return name, key
    raise SignatureInvalid("the token was not signed with the key that it names")


def _name(secret: Secret, key_id: str) -> str:
    """Return how a key is known: one that another secret was shown is another key."""
    return f"{signing.key_id(secret.value.decode('latin-1'))}/{key_id}"
