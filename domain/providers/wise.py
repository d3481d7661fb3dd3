"""Wise: an RSA signature over the body, by a key that Wise publishes and the setting pins.

Documented at https://docs.wise.com/guides/developer/webhooks/event-handling.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from domain import signing
from domain.delivery import Hearsay, ProviderEvent
from domain.errors import SignatureInvalid
from domain.providers.card import Card
from domain.providers.event_keys import parts_of
from domain.providers.one_event import OneEventProvider
from domain.providers.paths import dig
from domain.providers.public_keys import pinned_rsa_key, proving_key_ids
from domain.providers.trust import Claimed
from domain.providers.wire_values import type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Said, Secret

PING = "test-notification"
"""The type, and the first part of the key, of what is sent to try the endpoint."""

_MONEY_IN = frozenset(
    {
        "account-details-payment#state-change",
        "balances#credit",
        "balances#update",
        "incoming-transfer#credited",
        "swift-in#credit",
    }
)
_REFERENCES = ("data.resource.reference", "data.transfer.reference")
_TRANSFERS = (
    "data.action.id",
    "data.transfer.id",
    "data.incoming_transfer_id",
    "data.transfer_reference",
)


class Wise(OneEventProvider):
    """Notices of one subscription. Money that goes out is no payment of ours and is ignored."""

    name = "wise"
    card = Card(
        title="Wise",
        scheme="RSA (PKCS #1 v1.5) with SHA-256 over the body, base64, in `x-signature-sha256`",
        key="Wise's public key for webhooks, one for live and one for sandbox, on one line: the"
        " base64 between its PEM's BEGIN and END; RSA of 2048 bits or more",
        retries="25 tries over 2 weeks; it waits 5 s for an answer",
        refetch="required",
        sources=(
            "https://docs.wise.com/guides/developer/webhooks/event-handling",
            "https://github.com/transferwise/digital-signatures-examples",
        ),
        doubts=(
            "no published signature was recomputed: only ones that were made for a test",
            "which events of one arrival of money carry which of its names",
        ),
        traps=(
            "`balances#credit` names no transfer, so that nobody can be asked about it",
            "several events tell of one arrival of money, each with another amount (fees)",
            "a ping (`x-test-notification: true`) is verified and then ignored",
            "one key for all of Wise's customers: the signature does not say whom a notice is for",
        ),
    )

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Verify the body with every pinned key."""
        code = signing.required_header(delivery, b"x-signature-sha256")
        found = proving_key_ids(secrets, code, delivery.body)
        if not found:
            msg = f"the signature is of none of {len(secrets)} pinned keys"
            raise SignatureInvalid(msg)
        return found[0]

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name the event by what it is about, when that was, and how much money it was.

        The delivery's own id is not signed and is another one for each try.
        """
        if delivery.sole_header(b"x-test-notification") in (b"true", b"True"):
            return (PING, hashlib.sha256(delivery.body).hexdigest())
        about = [dig(tree, path) for path in (*_TRANSFERS, "data.resource.id", "data.step_id")]
        state = [dig(tree, path) for path in ("data.current_state", "data.transaction_type")]
        money = [
            dig(tree, f"data.{each}") for each in ("amount", "post_transaction_balance_amount")
        ]
        return (
            tree.get("subscription_id"),
            tree.get("event_type"),
            dig(tree, "data.occurred_at"),
            *("-" if each is None else str(each) for each in (*about, *state, *money)),
        )

    def reference(self, tree: dict[str, Any]) -> object:
        """Return what the payer wrote, where it is told."""
        found = (dig(tree, path) for path in _REFERENCES)
        return next((each for each in found if each is not None), None)

    def parse(self, body: bytes, event_key: str) -> Said:
        """Know a ping by its key, whatever its body says."""
        if parts_of(event_key)[:1] == (PING,):
            return ProviderEvent(PING, None)
        return super().parse(body, event_key)

    def translate(self, tree: dict[str, Any]) -> Said:
        """Say whom to ask about money that came in.

        No fact is made: the amounts are of different moments of one transfer, and what should be
        our reference is a text that the payer typed.
        """
        type_ = type_name(tree.get("event_type"))
        if type_ not in _MONEY_IN or dig(tree, "data.transaction_type") == "debit":
            return ProviderEvent(type_, None)
        claimed = Claimed(tree)
        return Hearsay(type_, claimed.hint(*_REFERENCES), claimed.hint(*_TRANSFERS))

    def is_secret(self, text: str) -> bool:
        """Say whether it is the base64 of an RSA public key of 2048 bits or more (DER)."""
        return text.isascii() and pinned_rsa_key(text.encode()) is not None
