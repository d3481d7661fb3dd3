"""What a provider sends, and what its adapter makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from domain.errors import RequestMalformed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

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
    """One HTTP request as received: header names in lower case, every byte as sent.

    `url` is the one it was sent to, as far as we know it, with its query. `keys` are public keys
    that had to be fetched before it could be verified, by the names that the provider gave them.
    """

    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    received_at_s: int
    url: str = ""
    keys: Mapping[str, bytes] = field(default_factory=dict)

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
    """One event of a delivery: the key it is de-duplicated by, and whom it is about.

    `body` is what is kept of the delivery with it; None: all of it.
    """

    key: str
    reference: str | None
    readable: bool = True
    body: bytes | None = None


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


@dataclass(frozen=True, slots=True)
class Hint:
    """A word that nobody has proven: `domain.providers.trust` makes them, and says why."""

    unproven: str


@dataclass(frozen=True, slots=True)
class Hearsay:
    """What an event gives rise to ask about: nothing in it has become a fact, nor can it.

    `reference` is whom it claims to be about, `object_id` what the provider calls it. A worker asks
    the provider, whose answer counts. With neither of the two nobody can be asked, but for a
    `is_nudge`: something has changed, and every open payment is asked about. `is_signed`: the
    signature covers it, so that the provider itself says that there is something to be asked.
    """

    type: str
    reference: Hint | None
    object_id: Hint | None
    mode: Mode | None = None
    is_nudge: bool = False
    is_signed: bool = field(default=False, compare=False)


Said = ProviderEvent | Hearsay
"""What an authentic body says."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What an account of a provider needs to know beside its secrets.

    It is the variable `<PROVIDER>[__<ACCOUNT>]_<name>`; its whole text must match `form`.
    """

    name: str
    meaning: str
    form: str
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Demanded:
    """The answer that a provider demands in the place of ours."""

    body: bytes
    status: int = 200
    content_type: bytes = b"application/json"


class KeyAnswer(NamedTuple):
    """What came back for a key: a whole answer that nobody was redirected to.

    `roots` are the certificates (DER) of the authorities that are believed, `at_s` is Unix time.
    """

    status: int
    body: bytes
    roots: Sequence[bytes]
    at_s: int


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """A public key without which a delivery cannot be verified, and how to ask for it.

    `name` is how `Delivery.keys` will have it. Whoever makes one has already refused a name that
    is none of the provider's: `url` is of a host among `hosts`, by https. `content` is the JSON of
    a POST, None for a GET; it may hold a secret. `is_local`: the account's own setting names this
    machine, in whose place no other may answer, and plain http is fair.

    `read` returns the key that an answer proves. It raises SignatureInvalid where the answer says
    that there is no such key or that it is not the provider's, OutcomeUnknown where it says
    nothing.
    """

    name: str
    url: str
    hosts: frozenset[str]
    read: Callable[[KeyAnswer], bytes]
    content: bytes | None = field(default=None, repr=False)
    is_local: bool = False


class Provider(Protocol):
    """A payment provider's dialect. One file each in `domain/providers/`; all of it is pure."""

    @property
    def name(self) -> str:
        """Return the path segment and the `source` of its events, e.g. "standard-webhooks"."""

    @property
    def alias(self) -> str:
        """Return a second path segment, for who takes no URL that has `name` in it; or ""."""

    @property
    def settings(self) -> Sequence[Setting]:
        """Return what an account needs beside its secrets."""

    @property
    def is_unsigned(self) -> bool:
        """Say whether nothing is signed, and only the end of the path is a secret."""

    @property
    def demanded(self) -> Demanded | None:
        """Return the answer it demands to a delivery that is kept; None: any 200 will do."""

    def configured(self, values: Mapping[str, str], mode: Mode | None) -> Self:
        """Return the dialect of one account: `values` are its `settings` by name."""

    def key_wanted(self, delivery: Delivery, secrets: Sequence[Secret]) -> KeyWanted | None:
        """Return the key that must be fetched before `verify`, where one must.

        Raises SignatureRefused and RequestMalformed as `verify` does.
        """

    def handshake(self, query: str, secrets: Sequence[Secret]) -> Demanded | None:
        """Return the answer to a GET by which the provider tries the endpoint, or None."""

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> Verified:
        """Authenticate the delivery with any of the live secrets, newest first.

        Any bytes in headers and body end in one of three ways: a `Verified`, a `SignatureRefused`
        or a `RequestMalformed`. The body is read only after its signature has matched; an
        authentic body that cannot be read, or has no key, is keyed by its hash.
        """

    def parse(self, body: bytes, event_key: str) -> Said:
        """Translate an authentic body; `event_key` picks the event where a body has several.

        Raises PayloadInvalid when it is not what the provider documents, RefetchRequired when
        the provider must be asked although the rest of the dialect makes facts.
        """

    def is_secret(self, text: str) -> bool:
        """Say whether the text has the form of this provider's secrets; checked at start-up."""

    def mode_of_secret(self, text: str) -> Mode | None:
        """Return the world a secret belongs to, where its form says so."""
