"""The family of providers whose delivery is one JSON object about one event.

A member says how it signs, what names an event, whom it is about and what it claims. The order
in which these are asked is fixed here: nothing is read before its signature has matched.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from domain import strict_json
from domain.delivery import Mode, ProviderEvent, Verified
from domain.errors import AmountInvalid, CurrencyUnknown, PayloadInvalid
from domain.providers.event_keys import keyed, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, KeyedEvent, Secret

    Tree = dict[str, Any]

_SECRET = re.compile(r"[!-+\--~]{24,512}")
"""Visible ASCII without the comma, which parts secrets in a setting; short ones can be guessed."""

_WORD_BREAK = re.compile(r"[_-]")


class OneEventProvider(ABC):
    """A dialect, but for its signature, its keys and its vocabulary. Implements `Provider`."""

    name: str

    @abstractmethod
    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Return the name of the secret that signed; raise SignatureRefused or RequestMalformed."""

    @abstractmethod
    def key_parts(self, delivery: Delivery, tree: Tree) -> Sequence[object]:
        """Return what names the event: values as found, None where one is missing."""

    @abstractmethod
    def reference(self, tree: Tree) -> object:
        """Return our reference as the body has it, or anything else where it has none."""

    @abstractmethod
    def translate(self, tree: Tree) -> ProviderEvent:
        """Return what a strictly read body says; raises as `Provider.parse` does."""

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> Verified:
        """Authenticate the bytes as sent, then take the key out of them."""
        key_id = self.authenticate(delivery, secrets)
        return Verified(key_id, (self._keyed(delivery),))

    def parse(self, body: bytes, event_key: str) -> ProviderEvent:  # noqa: ARG002 - one event a body
        """Read the body strictly and translate it."""
        tree = strict_json.parse(body)
        try:
            return self.translate(tree)
        except (AmountInvalid, CurrencyUnknown) as error:
            raise PayloadInvalid(str(error)) from error

    def is_secret(self, text: str) -> bool:
        """Say whether it is 24 to 512 visible ASCII characters without a comma."""
        return _SECRET.fullmatch(text) is not None

    def mode_of_secret(self, text: str) -> Mode | None:
        """Read the mode from a word of the secret, as in `sk_test_…` and `sk_live_…`."""
        modes = {Mode.TEST, Mode.LIVE} & set(_WORD_BREAK.split(text))
        return Mode(modes.pop()) if len(modes) == 1 else None

    def _keyed(self, delivery: Delivery) -> KeyedEvent:
        try:
            tree = strict_json.glance(delivery.body)
        except PayloadInvalid:
            return unreadable(delivery.body)
        return keyed(delivery.body, self.key_parts(delivery, tree), self.reference(tree))
