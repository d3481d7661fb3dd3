"""What a provider sends, and what its adapter makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from domain.errors import RequestMalformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.facts import Fact

EVENT_KEY_LENGTH_MAX = 400
"""Characters of an event key; what is longer is keyed by the hash of its body."""


class Mode(StrEnum):
    """The two worlds of every provider. They never mix."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret and the name by which it may be spoken of."""

    key_id: str
    value: bytes

    def __repr__(self) -> str:
        """Name the secret without showing it."""
        return f"Secret({self.key_id})"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP request as received: header names in lower case, every byte as sent."""

    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    received_at_s: int
    url: str = ""

    def sole_header(self, name: bytes) -> bytes | None:
        """Return the header's value, or None when it is absent.

        Raises RequestMalformed when it is there twice: which of the two was checked would
        otherwise be a matter of taste.
        """
        values = [value for header, value in self.headers if header == name]
        if len(values) > 1:
            msg = f"the header {name.decode()} is there {len(values)} times"
            raise RequestMalformed(msg)
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class KeyedEvent:
    """One event of a delivery: the key it is de-duplicated by, and whom it is about."""

    key: str
    reference: str | None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Verified:
    """An authentic delivery: which secret proved it, and the events it carries."""

    key_id: str
    events: tuple[KeyedEvent, ...]


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What an authentic body says, in our words.

    `facts` is empty for a type that we do not use: the event is kept and marked ignored.
    `mode` is None where the provider does not say it in the body.
    """

    type: str
    reference: str | None
    facts: tuple[Fact, ...] = ()
    mode: Mode | None = None
    provider_reference: str | None = None


class Provider(Protocol):
    """A payment provider's dialect. One file each in `domain/providers/`; all of it is pure."""

    @property
    def name(self) -> str:
        """Return the path segment and the `source` of its events, e.g. "standard-webhooks"."""

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> Verified:
        """Authenticate the delivery with any of the live secrets, newest first.

        Any bytes in headers and body end in one of three ways: a `Verified`, a `SignatureRefused`
        or a `RequestMalformed`. The body is read only after its signature has matched; an
        authentic body that cannot be read, or has no key, is keyed by its hash.
        """

    def parse(self, body: bytes, event_key: str) -> ProviderEvent:
        """Translate an authentic body; `event_key` picks the event where a body has several.

        Raises PayloadInvalid when it is not what the provider documents, RefetchRequired when
        the provider must be asked before anything becomes a fact.
        """

    def is_secret(self, text: str) -> bool:
        """Say whether the text has the form of this provider's secrets; checked at start-up."""

    def mode_of_secret(self, text: str) -> Mode | None:
        """Return the world a secret belongs to, where its form says so."""
