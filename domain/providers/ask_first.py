"""The family of providers who sign their bodies, and must be asked all the same.

Their deliveries lack the amount, or their way of signing is not proven. So no member can make a
fact: `translate` is closed. A member is a member of the family by which it signs too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from domain.delivery import Hearsay, ProviderEvent
from domain.providers.event_keys import reference_hint
from domain.providers.one_event import OneEventProvider
from domain.providers.paths import dig
from domain.providers.trust import Claimed
from domain.providers.wire_values import type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.delivery import Said


class AskFirst(OneEventProvider):
    """Sets `about`: how the types begin that are worth a question.

    Each with the paths where the provider's own name of the payment may stand. Every other type
    says nothing to us. The vocabulary makes no claims: it says where type, key and reference are.
    """

    about: Mapping[str, tuple[str, ...]]

    @final
    def translate(self, tree: dict[str, Any]) -> Said:
        """Return what may be asked about."""
        type_ = self.type_of(tree)
        paths = next((self.about[each] for each in self.about if type_.startswith(each)), None)
        if paths is None:
            return ProviderEvent(type_, reference_hint(self.reference(tree)))
        claimed = Claimed(tree)
        reference = claimed.hint(*self.vocabulary.reference)
        return Hearsay(type_, reference, claimed.hint(*paths), is_signed=True)

    def type_of(self, tree: dict[str, Any]) -> str:
        """Return the type of the event. Raises PayloadInvalid."""
        return type_name(dig(tree, self.vocabulary.type))
