"""Flutterwave, version 3: the secret itself in `verif-hash`, and nothing signed.

Documented at https://developer.flutterwave.com/v3.0/docs/webhooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain import strict_json
from domain.delivery import Hearsay
from domain.providers.card import Card
from domain.providers.paths import dig
from domain.providers.token import TokenHeader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery
    from domain.providers.trust import Claimed


class FlutterwaveV3(TokenHeader):
    """Webhooks of one account; version 4 is another dialect, whatever its pages call the header."""

    name = "flutterwave-v3"
    header = b"verif-hash"
    ignored = ("transfer.", "subscription.")
    card = Card(
        title="Flutterwave v3",
        scheme="none: `verif-hash` holds the secret hash itself",
        key="the secret hash, as it was set in the dashboard",
        retries="only where they are enabled in the dashboard: 3 times, 30 min apart",
        covers="nothing",
        refetch="required",
        sources=("https://developer.flutterwave.com/v3.0/docs/webhooks",),
        doubts=("when it is retried", "the name of the event of a refund, and its fields"),
        traps=(
            "every delivery shows the secret: who has seen one can forge any other",
            "v4 shares the name of the header in places: choose the version an account is on",
        ),
    )

    def read(self, body: bytes) -> dict[str, Any]:
        """Return the tree; of an older payload in the form of the newer ones."""
        return _renewed(strict_json.parse(body))

    def glance(self, body: bytes) -> dict[str, Any]:
        """Return the same, quickly."""
        return _renewed(strict_json.glance(body))

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:  # noqa: ARG002
        """Name the event by its type, its object and the status of that."""
        return tuple(dig(tree, path) for path in ("event", "data.id", "data.status"))

    def hear(self, claimed: Claimed) -> Hearsay:
        """Have the transaction asked about; of a refund the one that it is of, not the refund."""
        type_ = claimed.type_name("event", otherwise="webhook")
        refund = type_.lower().startswith("refund")
        names = ("data.TransactionId", "data.transaction_id") if refund else ("data.id",)
        return Hearsay(type_, claimed.hint("data.tx_ref", "data.txRef"), claimed.hint(*names))


def _renewed(tree: dict[str, Any]) -> dict[str, Any]:
    """Return an older payload, with its fields at the top beside `event.type`, as a newer one."""
    if "event" in tree or "data" in tree or "event.type" not in tree:
        return tree
    return {"event": tree["event.type"], "data": tree}
