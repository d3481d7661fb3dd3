"""The family that signs nothing and shows a token: whoever has seen one delivery can forge others.

So nothing of a body is ever proven, and no member can make a fact of it: `translate` is closed, and
what is left open gives hearsay.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, final

from domain import signing
from domain.delivery import ProviderEvent
from domain.errors import SignatureInvalid
from domain.providers.one_event import OneEventProvider
from domain.providers.trust import Claimed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Hearsay, Said, Secret


class Unproven(OneEventProvider):
    """A provider of whose bodies nothing is proven. Leaves open how its deliveries are let in.

    `ignored` are beginnings of the types that are about no payment, such as payouts: about those
    nobody is asked.
    """

    ignored: tuple[str, ...] = ()

    @final
    def translate(self, tree: dict[str, Any]) -> Said:
        """Return what may be asked about, or for a type that is ignored nothing at all."""
        heard = self.hear(Claimed(tree))
        if heard.type.startswith(self.ignored):
            return ProviderEvent(heard.type, reference=None, mode=heard.mode)
        return heard

    def reference(self, tree: dict[str, Any]) -> object:
        """Return whom the provider is to be asked about, where that is one of ours."""
        about = self.hear(Claimed(tree)).reference
        return None if about is None else about.unproven

    @abstractmethod
    def hear(self, claimed: Claimed) -> Hearsay:
        """Return what the provider is to be asked about."""


class TokenHeader(Unproven):
    """Sets `header` (in lower case), which holds the secret itself."""

    header: bytes

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare the header with every secret."""
        given = signing.required_header(delivery, self.header)
        return signing.matching_key_id(secrets, [given], lambda secret: secret)


class PathToken(Unproven):
    """Signs nothing and shows nothing: the last part of the path is all that lets it in."""

    is_unsigned = True
    secret_form = re.compile(r"[A-Za-z0-9_-]{24,128}")

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare the last part of the path with every secret."""
        given = delivery.url.partition("?")[0].rpartition("/")[2].encode("latin-1", "replace")
        if len(given) > signing.HEADER_BYTES_MAX:
            raise SignatureInvalid("the path is too long")
        return signing.matching_key_id(secrets, [given], lambda secret: secret)
