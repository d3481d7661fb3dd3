"""The family of providers whose delivery is a list of events under one signature, or one each.

A member is a member of the family by which it signs too: `class X(ManyEventsProvider, BodyHmac)`.
What `translate`, `reference` and `element_key_parts` are given is one element of the list.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from domain.delivery import Verified
from domain.errors import AmountInvalid, CurrencyUnknown, PayloadInvalid
from domain.providers.event_keys import keyed, told_key, unreadable
from domain.providers.one_event import OneEventProvider
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.delivery import Delivery, KeyedEvent, Said, Secret

    Tree = dict[str, Any]

EVENTS_PER_BODY_MAX = 300
"""Events of one delivery; the most that a provider documents is 250."""

BODIES_REMEMBERED = 2
"""Bodies of which the parsed events are kept: a body is parsed for each of its events in turn."""


class ManyEventsProvider(OneEventProvider):
    """Sets `batch`: the path of the list.

    All elements are events or none is: a body with one that cannot be named, with more than
    `EVENTS_PER_BODY_MAX` or with none at all is kept as one unreadable event. Two elements of one
    key are one event, if they are equal; if not, none can be told from the other and both are
    refused when they are parsed.
    """

    batch: str

    def elements(self, tree: Tree) -> Sequence[Tree]:
        """Return the events of a body, one or more. Raises PayloadInvalid."""
        found = dig(tree, self.batch)
        if not isinstance(found, list) or not 0 < len(found) <= EVENTS_PER_BODY_MAX:
            msg = f"{self.batch} is not a list of 1 to {EVENTS_PER_BODY_MAX} events"
            raise PayloadInvalid(msg)
        elements = [each for each in found if isinstance(each, dict)]
        if len(elements) != len(found):
            msg = f"an element of {self.batch} is no object"
            raise PayloadInvalid(msg)
        return elements

    def element_key_parts(self, element: Tree) -> Sequence[object]:
        """Return what names one event: values as found, None where one is missing."""
        return self.vocabulary.key_parts(element)

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> Verified:
        """Authenticate the bytes as sent, then take the key of every event out of them."""
        key_id = self.authenticate(delivery, secrets)
        return Verified(key_id, self._all_keyed(delivery.body))

    def parse(self, body: bytes, event_key: str) -> Said:
        """Read the body strictly and translate the one element that has the key."""
        told = _by_key(self, body).get(told_key(event_key, body), [])
        if not told or any(each != told[0] for each in told):
            msg = f"{len(told)} events of the body have the key"
            raise PayloadInvalid(msg)
        try:
            return self.translate(told[0])
        except (AmountInvalid, CurrencyUnknown) as error:
            raise PayloadInvalid(str(error)) from error

    def _all_keyed(self, body: bytes) -> tuple[KeyedEvent, ...]:
        try:
            elements = self.elements(self.glance(body))
        except PayloadInvalid:
            return (unreadable(body),)
        events = [self._element_keyed(body, each) for each in elements]
        if not all(event.readable for event in events):
            return (unreadable(body),)
        return tuple({event.key: event for event in events}.values())

    def strictly_keyed(self, body: bytes) -> list[tuple[KeyedEvent, Tree]]:
        """Return the events of a body that is strictly read. Raises PayloadInvalid."""
        elements = self.elements(self.read(body))
        return [(self._element_keyed(body, each), each) for each in elements]

    def _element_keyed(self, body: bytes, element: Tree) -> KeyedEvent:
        parts = self.element_key_parts(element) or (None,)
        return keyed(body, parts, self.reference(element))


@lru_cache(maxsize=BODIES_REMEMBERED)
def _by_key(provider: ManyEventsProvider, body: bytes) -> Mapping[str, Sequence[Tree]]:
    """Return the elements that can be named, by their keys: parsed once for all of a body."""
    found: dict[str, list[Tree]] = {}
    for event, element in provider.strictly_keyed(body):
        if event.readable:
            found.setdefault(event.key, []).append(element)
    return found
