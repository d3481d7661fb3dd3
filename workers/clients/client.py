"""What every provider can be asked, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from domain.asking import Asking, Page, RefundAsking, Told
    from domain.delivery import Mode


class ProviderClient(Protocol):
    """One account of one provider. Safe to share between threads.

    Every call ends within `Limits.repeats_s` in an answer or in one of five errors, and in
    nothing else:

    `ProviderAway`    it was not sent, or was not looked at: nothing happened there.
    `OutcomeUnknown`  it may have had its effect: ask before it is repeated, or repeat it under
                      the same key while `keys_live_s` has not passed. `AnswerUnclear` is the case
                      of a provider that has answered, but not as it documents.
    `ProviderRefused` it had no effect, for good.
    `ReferenceTaken`  only by `initialize`: the provider has this reference already.
    `ProviderForbids` our key is not accepted.

    `key` names the effect: the provider that has idempotency keys gets it, the others do not.
    """

    @property
    def name(self) -> str:
        """Return the provider's name, as in `domain.providers.PROVIDERS`."""

    @property
    def mode(self) -> Mode | None:
        """Return the world that our key belongs to; None where the key does not say."""

    @property
    def keys_live_s(self) -> float:
        """Return for how many seconds equal requests of one key have one effect; 0: no keys."""

    @property
    def can_cancel(self) -> bool:
        """Say whether the provider can end a payment that nobody has paid."""

    def initialize(self, asking: Asking, *, key: str) -> Told:
        """Start the payment. What is told has an `authorization_url` and one fact INITIALIZED."""

    def look_up(self, asking: Asking) -> Told:
        """Ask what became of the payment and of its refunds. Changes nothing, repeated inside.

        `Told.is_known` False is proof that the provider has no such payment in the world that
        `Told.mode` names, that of our key: no proof about a payment of the other world. Where it is
        not proven (a search index that may be late), raises OutcomeUnknown.
        """

    def refund(self, asking: RefundAsking, *, key: str) -> Told:
        """Give money back. What is told has exactly the one refund that was made."""

    def cancel(self, asking: Asking, *, key: str) -> Told:
        """End the payment before anybody pays it.

        Raises ProviderRefused where it cannot be ended (any more), or cannot be at all.
        """

    def page(self, *, since_s: int, until_s: int, cursor: str | None) -> Page:
        """List the transactions made from `since_s` to `until_s`, Unix seconds, both included.

        `cursor` is None for the first page, then what the page before said.
        """
