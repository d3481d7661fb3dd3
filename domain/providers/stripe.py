"""Stripe: `t=<seconds>,v1=<hex>` over time and body, and snapshot events with an id.

Documented at https://docs.stripe.com/webhooks and https://docs.stripe.com/api/events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain import signing
from domain.delivery import Mode, ProviderEvent
from domain.providers.card import Card
from domain.providers.event_keys import at, reference_hint
from domain.providers.shapes import ObjectId, Shape, TypeName, read, unix_time_s
from domain.providers.stripe_claims import CLAIMS
from domain.providers.stripe_objects import payment_id
from domain.providers.timed_hmac import Stamp, TimedHmac, named_values, sole_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery


class _Heading(Shape):
    id: ObjectId
    type: TypeName
    livemode: bool | None = None
    created: Any = None


class Stripe(TimedHmac):
    """Snapshot events of one Stripe endpoint; thin events name no object and are ignored."""

    name = "stripe"
    card = Card(
        title="Stripe",
        scheme="HMAC-SHA256 of `time.body`, hexadecimal, as `t=…,v1=…` in `stripe-signature`",
        key="the endpoint's signing secret, whole, with its `whsec_`",
        retries="live: up to 3 days, growing pauses; test: three times within hours",
        sources=("https://docs.stripe.com/webhooks",),
        refetch="recommended",
        traps=("thin (v2) events name no object and are ignored",),
    )

    def stamp(self, delivery: Delivery) -> Stamp:
        """Read the one time and the `v1` codes; other versions are skipped.

        The whole secret is the key, its prefix `whsec_` included.
        """
        header = signing.required_header(delivery, b"stripe-signature")
        pairs = named_values(header, b",", header_name="stripe-signature")
        time = sole_time(pairs, b"t", header_name="stripe-signature")
        return Stamp(time, [value for name, value in pairs if name == b"v1"])

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
