"""M-Pesa by Safaricom's Daraja: callbacks of three shapes, none of them signed.

Documented at https://developer.safaricom.co.ke/APIs/MpesaExpressSimulate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from domain.delivery import Demanded, Hearsay
from domain.providers.card import Card
from domain.providers.paths import dig
from domain.providers.token import PathToken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery
    from domain.providers.trust import Claimed


class _Shape(NamedTuple):
    """What a callback is, and where it says of what, how that ended, and whose it is."""

    type: str
    object_id: str
    state: str
    reference: str = ""


_PUSH = "Body.stkCallback.CheckoutRequestID"

_SHAPES = (
    # A push bears no reference of ours: whoever wants it credited announces it by this name.
    _Shape("stk_callback", _PUSH, "Body.stkCallback.ResultCode", _PUSH),
    # The call that asks whether a payment may be made has the TransID of the one that tells it was
    # made, but no balance yet: one must not pass for the other.
    _Shape("c2b", "TransID", "OrgAccountBalance", "BillRefNumber"),
    _Shape("result", "Result.ConversationID", "Result.ResultCode"),
)


class MpesaDaraja(PathToken):
    """Callbacks of one short code: pushes to a phone, payments to it, and results of requests."""

    name = "mpesa-daraja"
    alias = "daraja"
    demanded = Demanded(b'{"ResultCode":0,"ResultDesc":"Accepted"}')
    card = Card(
        title="M-Pesa (Safaricom Daraja)",
        scheme="none: nothing is signed, and the end of the path is all that lets it in",
        key="24 to 128 letters, digits, `_` and `-` that we make up: the end of the callback's URL",
        retries="none that can be relied on",
        covers="nothing",
        refetch="required",
        sources=("https://developer.safaricom.co.ke/APIs/MpesaExpressSimulate",),
        doubts=(
            "whether anything is retried",
            "whether a URL may hold the word mpesa: if not, a proxy must rename the path",
            "from which addresses it calls",
        ),
        traps=(
            "whoever knows the URL can call: it is asked about, and only what was asked counts",
            "a push names no reference of ours, only the CheckoutRequestID that began it",
            "a validation URL must not lead here: our answer accepts the payment",
            "a URL with the word mpesa may be refused: `/webhooks/daraja/…` leads here too",
        ),
    )

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:  # noqa: ARG002
        """Name the callback by its shape, its object and how that ended.

        A push that timed out may still succeed, and then has a second callback.
        """
        for shape in _SHAPES:
            named, state = dig(tree, shape.object_id), dig(tree, shape.state)
            if named is not None:
                return (shape.type, named, "none" if state in (None, "") else state)
        return (None,)

    def hear(self, claimed: Claimed) -> Hearsay:
        """Have the push, the payment or the request asked about."""
        for shape in _SHAPES:
            object_id = claimed.hint(shape.object_id)
            if object_id is not None:
                reference = claimed.hint(shape.reference) if shape.reference else None
                return Hearsay(shape.type, reference, object_id)
        return Hearsay("callback", None, None)
