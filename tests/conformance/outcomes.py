"""Outcomes: what became of a request, and the few ways of coming to nothing that are allowed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from domain.delivery import ProviderEvent
from domain.errors import (
    PayloadInvalid,
    Permanent,
    RequestMalformed,
    SignatureInvalid,
    SignatureRefused,
)

if TYPE_CHECKING:
    from domain.delivery import KeyedEvent
    from domain.facts import Fact
    from tests.conformance.sender import Request, Sender

Told = frozenset[tuple[str | None, "Fact"]]
"""Facts, each with the reference of the payment that it moves."""

_KNOWN: dict[str, tuple[frozenset[str], Told]] = {}


def refused(sender: Sender, request: Request) -> None:
    """Demand that the signature is called wrong."""
    with pytest.raises(SignatureInvalid):
        sender.verify(request)


def turned_away(sender: Sender, request: Request) -> None:
    """Demand that it is refused, for whichever of the reasons that a caller is told."""
    with pytest.raises((SignatureRefused, RequestMalformed)):
        sender.verify(request)


def is_let_in(sender: Sender, request: Request) -> bool:
    """Say whether it is authentic."""
    try:
        sender.verify(request)
    except (SignatureRefused, RequestMalformed):
        return False
    return True


def told(sender: Sender, request: Request) -> Told:
    """Return every fact that an authentic request makes."""
    events = sender.verify(request).events
    return frozenset().union(*(_facts(sender, request, event) for event in events))


def nothing_gained(sender: Sender, request: Request) -> None:
    """Demand that the changed request makes no fact that the good one does not make."""
    if not is_let_in(sender, request):
        return
    events, good = sender.verify(request).events, _good(sender)
    if sender.covers == "fields" and good[1]:
        # What may be changed on its way must not give an event that makes facts another name.
        assert {event.key for event in events if event.readable} <= good[0]
    assert told(sender, request) <= good[1]


def refused_or_harmless(sender: Sender, request: Request) -> None:
    """Demand that a change of the body is refused, as far as the signature covers the body.

    Where it covers some fields, the others may change, but must not reach a fact; where it covers
    nothing, whatever is let in is hearsay. A code in the body does not cover itself.
    """
    if sender.covers_every_byte:
        refused(sender, request)
    else:
        nothing_gained(sender, request)


def unreadable(sender: Sender, body: bytes) -> None:
    """Demand that such a body is kept under its hash, about nobody, and never parsed.

    Where the body is read before it is verified, it is turned away.
    """
    if sender.is_read_first:
        turned_away(sender, sender.request().with_body(body))
        return
    request = sender.request(body)
    (event,) = sender.verify(request).events
    assert event.key == "body:" + hashlib.sha256(request.body).hexdigest()
    assert (event.reference, event.readable) == (None, False)
    says_nothing(sender, request)


def says_nothing(sender: Sender, request: Request) -> None:
    """Demand that it is refused, or authentic and set aside, as it cannot be read."""
    if is_let_in(sender, request):
        for event in sender.verify(request).events:
            with pytest.raises(PayloadInvalid):
                sender.provider.parse(request.body, event.key)


def _good(sender: Sender) -> tuple[frozenset[str], Told]:
    """Return the keys and the facts of the provider's usual request."""
    if sender.name not in _KNOWN:
        request = sender.request()
        keys = frozenset(event.key for event in sender.verify(request).events)
        _KNOWN[sender.name] = keys, told(sender, request)
    return _KNOWN[sender.name]


def _facts(sender: Sender, request: Request, event: KeyedEvent) -> Told:
    try:
        said = sender.provider.parse(request.body, event.key)
    except Permanent:
        return frozenset()
    if not isinstance(said, ProviderEvent):
        return frozenset()
    return frozenset((said.reference, fact) for fact in said.facts)
