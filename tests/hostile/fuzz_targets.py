"""Targets of the fuzzer: what reads a stranger's bytes first. Each takes bytes and raises nothing.

What is raised all the same, an assertion included, is a finding.
"""

from __future__ import annotations

import json
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain import strict_json
from domain.addresses import client_address
from domain.delivery import Delivery, Secret
from domain.errors import PayloadInvalid, PayratchetError, Refused, RequestMalformed
from ingress import gate
from ingress.api import authentication, idempotency, request
from tests.conformance.sender import NOW_S
from tests.conformance.senders import SENDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECRETS = [Secret("key-0", b"4JH86294D6297924G-that-no-fuzzer-finds")]
SIGNING = [sender for sender in SENDERS if not sender.provider.is_unsigned]
"""The dialects that sign, by the number that the first byte of a try gives."""

_PATHS = (b"/webhooks/paystack", b"/v1/payments/a%40b", b"/v1/payments/%2e")


def json_text(data: bytes) -> None:
    """Read a body strictly: what is taken is one object that means the same to another parser."""
    try:
        tree = strict_json.parse(data)
    except PayloadInvalid:
        return
    assert isinstance(tree, dict)
    assert tree.keys() == json.loads(data).keys()
    tree_again = strict_json.parse(json.dumps(tree, default=str).encode())
    assert tree_again.keys() == tree.keys()


def json_glance(data: bytes) -> None:
    """Glance at a body: what is taken strictly is taken at a glance, with the same keys."""
    try:
        seen = strict_json.glance(data)
    except PayloadInvalid:
        seen = None
    with suppress(PayloadInvalid):
        tree = strict_json.parse(data)
        assert seen is not None
        assert seen.keys() == tree.keys()


def signatures(data: bytes) -> None:
    """Verify a delivery, its headers cut from the bytes: nothing verifies.

    The first byte says of which dialect it is: one at a time is tried thirty times as often.
    """
    sender = SIGNING[data[0] % len(SIGNING)] if data else SIGNING[0]
    values, _, body = data[1:].partition(b"\n\n")
    given = values.split(b"\n")
    names = [name for name, _ in sender.request().headers]
    headers = list(zip(names, given * len(names), strict=False))
    delivery = Delivery(headers, body, NOW_S, "https://x/webhooks", {})
    with suppress(Refused):
        sender.provider.key_wanted(delivery, SECRETS)
    with suppress(Refused):
        sender.provider.verify(delivery, SECRETS)
        raise AssertionError(f"{sender.name} verified what nobody signed")


def bodies(data: bytes) -> None:
    """Translate a body by the dialect of the first byte: it says something, or why nothing."""
    sender = SENDERS[data[0] % len(SENDERS)] if data else SENDERS[0]
    with suppress(PayratchetError):
        sender.provider.parse(data[1:], "any")


def heads(data: bytes) -> None:
    """Go through a head: its lines are cut from the bytes as a parser would have cut them."""
    lines = [line.partition(b":")[::2] for line in data.split(b"\n")]
    headers = [(name.strip().lower(), value.strip()) for name, value in lines]
    for path in _PATHS:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "client": ("127.0.0.1", 1),
            "headers": headers,
            "raw_path": path,
            "query_string": data[:100],
        }
        with suppress(Refused):
            gate.require_decent(scope, _read(scope))
        with suppress(Refused):
            authentication.presented(headers)
        with suppress(Refused):
            idempotency.key_of(headers)
        with suppress(Refused):
            request.require_json(scope, data)
        client_address(scope, ())
        json.loads(gate.kept_headers(headers))


def _read(scope: Mapping[str, object]) -> gate.Head:
    """Read the head, of whose length the parser has seen that it is digits."""
    found = [value for name, value in _headers(scope) if name == b"content-length"]
    if not all(value.isdigit() for value in found):
        raise RequestMalformed("the parser refuses it")
    return gate.read(dict(scope))


def _headers(scope: Mapping[str, object]) -> list[tuple[bytes, bytes]]:
    headers = scope["headers"]
    assert isinstance(headers, list)
    return headers


TARGETS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {each.__name__: each for each in (json_text, json_glance, signatures, bodies, heads)}
)
