"""Mollie's classic webhooks, one URL a payment: a form with an id, and nothing signed.

Documented at https://docs.mollie.com/reference/webhooks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from domain.delivery import Hearsay
from domain.errors import PayloadInvalid
from domain.providers import forms
from domain.providers.card import Card
from domain.providers.token import PathToken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery
    from domain.providers.trust import Claimed

_ID = re.compile(r"[a-z]{2,10}_[A-Za-z0-9]{1,64}")


class MollieClassic(PathToken):
    """Calls that name a payment and say nothing of it. Other fields than `id` are not read."""

    name = "mollie-classic"
    ignored = ("sub",)
    card = Card(
        title="Mollie classic (`webhookUrl` of a payment)",
        scheme="none: nothing is signed, and the end of the path is all that lets it in",
        key="24 to 128 letters, digits, `_` and `-` that we make up: the end of `webhookUrl`",
        retries="10 times within 26 h",
        covers="nothing",
        refetch="required",
        sources=("https://docs.mollie.com/reference/webhooks",),
        doubts=("how long it is retried",),
        traps=(
            "all calls are alike: each is a new question, but for those of the same second",
            "whoever knows the URL can call; an id that is none of ours is answered as any other",
        ),
    )

    def read(self, body: bytes) -> dict[str, Any]:
        """Return the fields of the form. Raises PayloadInvalid where none is an id of Mollie's."""
        form = forms.parse(body)
        if _ID.fullmatch(form.get("id", "")) is None:
            raise PayloadInvalid("the form has no id")
        return dict(form)

    glance = read

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name the call by its id and its second.

        The body never changes: by itself it would make a duplicate of the call that tells of a
        refund. A longer time than a second would still swallow the call of a change that follows
        the first one closely, when that one may have been asked about already.
        """
        return (tree.get("id"), delivery.received_at_s)

    def hear(self, claimed: Claimed) -> Hearsay:
        """Have it asked what became of whatever has the id; its prefix is the type."""
        prefix = claimed.type_name("id", otherwise="").partition("_")[0]
        return Hearsay(prefix, None, claimed.hint("id"))
