"""The family of providers whose delivery is a list of events under one signature, or one each.

A member is a member of the family by which it signs too: `class X(ManyEventsProvider, BodyHmac)`.
What `translate`, `reference` and `element_key_parts` are given is one element of the list.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from domain.delivery import Verified
from domain.errors import AmountInvalid, CurrencyUnknown, PayloadInvalid
from domain.providers.event_keys import EDIT_KEY_PREFIX, keyed, told_key, unreadable
from domain.providers.one_event import OneEventProvider
from domain.providers.raw_member import raw_elements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.delivery import Delivery, KeyedEvent, Said, Secret

    Tree = dict[str, Any]

EVENTS_PER_BODY_MAX = 300
"""Events of one delivery; the most that a provider documents is 250."""

BODIES_REMEMBERED = 2
"""Bodies of which the parsed events are kept: a body is parsed for each of its events in turn."""


class ManyEventsProvider(OneEventProvider):
    """Sets `batch`: the member of the body that is the list.

    All elements are events or none is: a body with one that cannot be named, with more than
    `EVENTS_PER_BODY_MAX` or with none at all is kept as one unreadable event. Two elements of one
    key are one event, if they are equal; if not, none can be told from the other and both are
    refused when they are parsed.

    The first event is kept with the whole body, each other one with a list of its own elements:
    the whole body with each would be as many events again as there are.
    """

    batch: str

    def elements(self, tree: Tree) -> Sequence[Tree]:
        """Return the events of a body, one or more. Raises PayloadInvalid."""
        found = tree.get(self.batch)
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
        """Read the body strictly and translate the one element that has the key.

        A body that a person wrote has one event, whatever its key is.
        """
        by_key = _by_key(self, body)
        told = by_key.get(told_key(event_key, body), [])
        if event_key.startswith(EDIT_KEY_PREFIX):
            if len(by_key) != 1:
                msg = f"{len(by_key)} events are in an edited body, which has one: leave only it"
                raise PayloadInvalid(msg)
            (told,) = by_key.values()
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
            events = [self._element_keyed(body, each) for each in elements]
            if all(event.readable for event in events):
                return self._apart(body, events)
        except PayloadInvalid:
            pass
        return (unreadable(body),)

    def _apart(self, body: bytes, events: Sequence[KeyedEvent]) -> tuple[KeyedEvent, ...]:
        """Return each event once, with what is kept of the body. Raises PayloadInvalid."""
        first, *others = {event.key: event for event in events}.values()
        if not others:
            return (first,)
        raw: dict[str, list[bytes]] = {}
        for event, element in zip(events, raw_elements(body, self.batch), strict=True):
            raw.setdefault(event.key, []).append(element)
        form = b'{"%b":[%%b]}' % self.batch.encode()
        return (first, *(replace(each, body=form % b",".join(raw[each.key])) for each in others))

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
