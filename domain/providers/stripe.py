"""Stripe: `t=<seconds>,v1=<hex>` over time and body, and snapshot events with an id.

Documented at https://docs.stripe.com/webhooks and https://docs.stripe.com/api/events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain import signing
from domain.delivery import Mode, ProviderEvent
from domain.errors import SignatureInvalid
from domain.providers.event_keys import at, reference_hint
from domain.providers.one_event import OneEventProvider
from domain.providers.shapes import ObjectId, Shape, TypeName, read, unix_time_s
from domain.providers.stripe_claims import CLAIMS
from domain.providers.stripe_objects import payment_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Secret


class _Heading(Shape):
    id: ObjectId
    type: TypeName
    livemode: bool | None = None
    created: Any = None


class Stripe(OneEventProvider):
    """Snapshot events of one Stripe endpoint; thin events name no object and are ignored."""

    name = "stripe"

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare every `v1` code with the code each secret gives `timestamp.body`.

        The whole secret is the key, its prefix `whsec_` included.
        """
        timestamp, codes = _read_header(signing.required_header(delivery, b"stripe-signature"))
        signed_at_s = signing.unix_seconds(timestamp)
        content = b"%b.%b" % (timestamp, delivery.body)
        key_id = signing.matching_key_id(
            secrets, codes, lambda secret: signing.hex_code(secret, content, "sha256")
        )
        signing.require_fresh(signed_at_s, received_at_s=delivery.received_at_s)
        return key_id

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:  # noqa: ARG002
        """Name the event by its id."""
        return (tree.get("id"),)

    def reference(self, tree: dict[str, Any]) -> object:
        """Return the reference we put into the metadata, or the one of a checkout session."""
        about = at(tree, "data", "object")
        return at(about, "metadata", "reference") or at(about, "client_reference_id")

    def translate(self, tree: dict[str, Any]) -> ProviderEvent:
        """Translate what moves money; every other type says nothing to us."""
        heading = read(_Heading, tree)
        about = at(tree, "data", "object")
        claims = CLAIMS.get(heading.type)
        mode = None if heading.livemode is None else (Mode.TEST, Mode.LIVE)[heading.livemode]
        return ProviderEvent(
            heading.type,
            reference_hint(self.reference(tree)),
            facts=claims(about, unix_time_s(heading.created)) if claims else (),
            mode=mode,
            provider_reference=payment_id(about),
        )


def _read_header(header: bytes) -> tuple[bytes, list[bytes]]:
    """Return the one timestamp and the `v1` codes; other versions are skipped."""
    pairs = [item.split(b"=", 1) for item in header.split(b",")]
    if any(len(pair) == 1 for pair in pairs):
        msg = "stripe-signature is not a list of name=value"
        raise SignatureInvalid(msg)
    times = [value for name, value in pairs if name == b"t"]
    if len(times) != 1:
        msg = f"stripe-signature has {len(times)} timestamps"
        raise SignatureInvalid(msg)
    return times[0], [value for name, value in pairs if name == b"v1"]
