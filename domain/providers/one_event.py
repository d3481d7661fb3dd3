"""The family of providers whose delivery is one JSON object about one event.

A member says how it signs, and has a vocabulary, or says in code what names an event, whom it is
about and what it claims. The order in which these are asked is fixed here: nothing is read before
its signature has matched.
"""

from __future__ import annotations

import copy
import re
from abc import ABC, abstractmethod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain import strict_json
from domain.delivery import Mode, Verified
from domain.errors import AmountInvalid, CurrencyUnknown, PayloadInvalid
from domain.providers.event_keys import keyed, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from domain.delivery import Delivery, Demanded, KeyedEvent, KeyWanted, Said, Secret, Setting
    from domain.providers.card import Card
    from domain.providers.vocabulary import Vocabulary

    Tree = dict[str, Any]

SECRET = re.compile(r"[!-+\--~]{16,512}")
"""Visible ASCII without the comma, which parts secrets in a setting; short ones can be guessed."""

_WORD_BREAK = re.compile(r"[_-]")


class OneEventProvider(ABC):
    """A dialect, but for its signature, its keys and its vocabulary. Implements `Provider`.

    `values` and `mode` are those of one account, once it is `configured`.
    """

    name: str
    card: Card
    vocabulary: Vocabulary
    alias: str = ""
    settings: Sequence[Setting] = ()
    is_unsigned: bool = False
    demanded: Demanded | None = None
    secret_form: re.Pattern[str] = SECRET
    values: Mapping[str, str] = MappingProxyType({})
    mode: Mode | None = None

    @abstractmethod
    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Return the name of the secret that signed; raise SignatureRefused or RequestMalformed."""

    def key_parts(self, delivery: Delivery, tree: Tree) -> Sequence[object]:
        """Return what names the event: values as found, None where one is missing."""
        del delivery
        return self.vocabulary.key_parts(tree)

    def reference(self, tree: Tree) -> object:
        """Return our reference as the body has it, or anything else where it has none."""
        return self.vocabulary.reference_in(tree)

    def translate(self, tree: Tree) -> Said:
        """Return what a strictly read body says; raises as `Provider.parse` does."""
        return self.vocabulary.translate(tree)

    def read(self, body: bytes) -> Tree:
        """Return the body's tree, strictly read; JSON unless overridden. Raises PayloadInvalid."""
        return strict_json.parse(body)

    def glance(self, body: bytes) -> Tree:
        """Return the body's tree, quickly read: only for keys. Raises PayloadInvalid."""
        return strict_json.glance(body)

    def configured(self, values: Mapping[str, str], mode: Mode | None) -> Self:
        """Return the dialect of one account."""
        bound = copy.copy(self)
        bound.values, bound.mode = values, mode
        return bound

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> Verified:
        """Authenticate the bytes as sent, then take the key out of them."""
        key_id = self.authenticate(delivery, secrets)
        return Verified(key_id, (self._keyed(delivery),))

    def parse(self, body: bytes, event_key: str) -> Said:  # noqa: ARG002 - one event a body
        """Read the body strictly and translate it."""
        tree = self.read(body)
        try:
            return self.translate(tree)
        except (AmountInvalid, CurrencyUnknown) as error:
            raise PayloadInvalid(str(error)) from error

    def key_wanted(self, delivery: Delivery, secrets: Sequence[Secret]) -> KeyWanted | None:
        """Want none: the secrets are enough."""
        del delivery, secrets
        return None

    def handshake(self, query: str, secrets: Sequence[Secret]) -> Demanded | None:
        """Know none."""
        del query, secrets
        return None

    def is_secret(self, text: str) -> bool:
        """Say whether it has `secret_form`: 16 to 512 visible ASCII characters without a comma."""
        return self.secret_form.fullmatch(text) is not None

    def mode_of_secret(self, text: str) -> Mode | None:
        """Read the mode from a word of the secret, as in `sk_test_…` and `sk_live_…`."""
        modes = {Mode.TEST, Mode.LIVE} & set(_WORD_BREAK.split(text))
        return Mode(modes.pop()) if len(modes) == 1 else None

    def _keyed(self, delivery: Delivery) -> KeyedEvent:
        try:
            tree = self.glance(delivery.body)
        except PayloadInvalid:
            return unreadable(delivery.body)
        return keyed(delivery.body, self.key_parts(delivery, tree), self.reference(tree))
