"""Senders: one provider's sending side, written from its documentation and not with our own code.

The tests of this folder run against every sender, and the simulator sends with them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from domain.delivery import Delivery, ProviderEvent, Secret
from domain.providers import PROVIDERS

if TYPE_CHECKING:
    from domain.delivery import Mode, Verified
    from domain.providers import Dialect

NOW_S = 1_735_689_600
"""2025-01-01T00:00:00Z: when everything here is sent and received, unless a test says otherwise."""

AMOUNT_MINOR = 125_000

Headers = list[tuple[bytes, bytes]]


def dumped(tree: Any) -> bytes:
    """Return JSON without blanks and in ASCII, as most providers write it."""
    return json.dumps(tree, separators=(",", ":")).encode()


Change = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Sale:
    """A payment that has succeeded. `number` makes the provider's own ids, a new one for each."""

    reference: str = "ORD-1"
    amount_minor: int = AMOUNT_MINOR
    currency: str = "NGN"
    number: int = 302_961


@dataclass(frozen=True)
class Request:
    """What is posted. `url` is the whole address, the query included."""

    headers: Headers
    body: bytes
    url: str = ""

    def with_body(self, body: bytes) -> Request:
        """Return the same with another body."""
        return replace(self, body=body)


Sign = Callable[[bytes, bytes, bytes], Request]
"""(secret, time in decimal Unix seconds, payload) -> the request."""


@dataclass(frozen=True)
class Sender:
    """One provider.

    `payload`      what it would post of a sale's success, but for a signature inside of it: bytes
                   that hold the reference once and the amount as digits.
    `sign`         makes the request; a secret as the account has it in its setting.
    `covers`       what of the body the signature covers.
    `code_header`  the header that has the code; empty where it stands elsewhere: then
                   `change_code` says where.
    `code_of`      finds the code within that header's value.
    `separator`    what stands between several codes in the header; None where there is one only.
    `settings`, `mode`, `keys`  of the account: `Provider.configured`, `Delivery.keys`.
    `dialect`      of a provider that is not in the registry.
    """

    name: str
    secret: bytes
    other_secret: bytes
    payload: Callable[[Sale], bytes]
    sign: Sign
    currency: str = "NGN"
    covers: Literal["body", "fields", "nothing"] = "body"
    signs_time: bool = False
    code_header: bytes = b""
    code_of: Change = field(default=lambda value: value)
    change_code: Callable[[Request, Change], Request] | None = None
    separator: bytes | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    mode: Mode | None = None
    keys: Mapping[str, bytes] = field(default_factory=dict)
    dialect: Dialect | None = None

    @property
    def provider(self) -> Dialect:
        """The dialect, as an account of it would have it."""
        found = self.dialect or PROVIDERS[self.name]
        return found.configured(self.settings, self.mode)

    @property
    def body(self) -> bytes:
        """What is posted of the usual sale, unsigned."""
        return self.payload(self.sale)

    @property
    def sale(self) -> Sale:
        """The usual sale, in a currency that the provider deals in."""
        return Sale(currency=self.currency)

    @property
    def has_code_in_body(self) -> bool:
        """Whether the code stands in the body, which it cannot cover itself."""
        return not self.code_header and not self.provider.is_unsigned

    @property
    def covers_every_byte(self) -> bool:
        """Whether no byte of the body may change."""
        return self.covers == "body" and not self.has_code_in_body

    @property
    def is_read_first(self) -> bool:
        """Whether the body is read before it is verified: one that cannot be proves nothing."""
        return self.covers == "fields" or self.has_code_in_body

    def request(
        self, payload: bytes | None = None, *, at: bytes = b"%d" % NOW_S, secret: bytes = b""
    ) -> Request:
        """Sign a payload, the usual one if none is given."""
        return self.sign(secret or self.secret, at, self.body if payload is None else payload)

    def verify(self, request: Request, *secrets: bytes, now_s: int = NOW_S) -> Verified:
        """Verify with these secrets, or with the account's only one."""
        return self.verify_by(request, secrets or (self.secret,), now_s=now_s)

    def verify_by(
        self, request: Request, secrets: Sequence[bytes], *, now_s: int = NOW_S
    ) -> Verified:
        """Verify with these secrets and no other."""
        named = [Secret(f"key-{n}", value) for n, value in enumerate(secrets)]
        return self.provider.verify(self.delivery(request, now_s=now_s), named)

    def told(self, body: bytes, event_key: str = "any") -> ProviderEvent:
        """Return what an authentic body says; fails where it is hearsay."""
        said = self.provider.parse(body, event_key)
        assert isinstance(said, ProviderEvent)
        return said

    def delivery(self, request: Request, *, now_s: int = NOW_S) -> Delivery:
        """Return what the ingress would make of the request."""
        return Delivery(request.headers, request.body, now_s, request.url, self.keys)

    def with_code(self, change: Change, payload: bytes | None = None) -> Request:
        """Return a good request in which only the code is changed."""
        request = self.request(payload)
        if self.change_code is not None:
            return self.change_code(request, change)
        headers = [
            (name, self._changed(value, change) if name == self.code_header else value)
            for name, value in request.headers
        ]
        return replace(request, headers=headers)

    def _changed(self, value: bytes, change: Change) -> bytes:
        code = self.code_of(value)
        return value.replace(code, change(code))
