"""The gate: what is wrong with a request can often be told from its head alone."""

from __future__ import annotations

import functools
import itertools
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from domain.errors import RequestMalformed
from ingress.errors import EncodingUnsupported, HeadersTooLarge, NotFound, PathTooLong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

PATH_BYTES_MAX = 2_048
"""Bytes of the target, its query included; ours have under a hundred."""

HEADERS_MAX = 100
"""Header lines; a provider behind two proxies sends some thirty."""

HEADER_BYTES_MAX = 16_384
"""Bytes of all names and values together."""

KEPT_HEADER_LENGTH_MAX = 1_000
"""Characters of a header that is kept with the event; longer ones are not kept."""

KEPT_HEADERS = frozenset(
    {
        b"content-type",
        b"user-agent",
        b"x-request-id",
        b"webhook-id",
        b"webhook-timestamp",
        b"traceparent",
        b"tracestate",
        b"date",
    }
)
"""Headers that are kept with the event: none that signs, authorizes or names a person."""

SOLE_HEADERS = frozenset(
    {b"host", b"content-length", b"content-type", b"content-encoding", b"transfer-encoding"}
)
"""Headers that mean nothing, or two things, when they are there twice."""

LENGTH_DIGITS_MAX = 20
"""Digits of a Content-Length: what 64 bits hold. The parser takes any number of leading zeros."""

HOSTS_KNOWN_MAX = 64
"""Hosts of which is remembered whether they are well-formed; a deployment has a few."""

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_PROCESS = os.urandom(6).hex()
_NUMBERS = itertools.count(1)

API_PREFIX = b"/v1/"
_PLAIN_ESCAPE = re.compile(
    rb"%(?:2[dDeE]|3[0-9aAdD]|4[0-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aA])"
)
"""Escapes of what references and customers' ids are made of: - . 0-9 : = @ A-Z _ a-z."""

HEAD = "payratchet.head"
"""Where the `Head` is in the scope."""


@dataclass(slots=True)
class Head:
    """What the headers of one request come to."""

    request_id: str
    traceparent: str | None = None
    content_length: int | None = None
    header_bytes: int = 0
    encoding: bytes = b""
    host: bytes = b""
    wrong: str = ""


def head_of(scope: Scope) -> Head:
    """Return the request's head, already refused or not; raises nothing.

    A request id or traceparent of the caller is taken over when it is well-formed, so that one
    name follows a delivery from the provider's log into ours.
    """
    head: Head = scope[HEAD]
    return head


def read(scope: Scope) -> Head:
    """Go through the headers once."""
    head = Head(request_id="")
    seen: set[bytes] = set()
    for name, value in scope["headers"]:
        head.header_bytes += len(name) + len(value)
        if name in SOLE_HEADERS:
            if name in seen:
                head.wrong = f"the header {name.decode()} is there twice"
            seen.add(name)
            _note(head, name, value)
        elif name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            head.request_id = value.decode()
        elif name == b"traceparent" and _TRACEPARENT.fullmatch(value):
            head.traceparent = value.decode()
    head.request_id = head.request_id or new_request_id()
    return head


def require_decent(scope: Scope, head: Head) -> None:
    """Raise the Refused that the head deserves.

    Names in our paths need no escapes, so a path with one is no path of ours: what a proxy
    decodes once more can then not lead anywhere else. Clients of the API may escape what need not
    be (`%40` for `@`); it stands for itself however often it is decoded.
    """
    if len(scope["raw_path"]) + len(scope["query_string"]) > PATH_BYTES_MAX:
        raise PathTooLong(f"the path has more than {PATH_BYTES_MAX} bytes")
    if len(scope["headers"]) > HEADERS_MAX or head.header_bytes > HEADER_BYTES_MAX:
        raise HeadersTooLarge(f"more than {HEADERS_MAX} headers or {HEADER_BYTES_MAX} bytes")
    if head.encoding.lower() not in (b"", b"identity"):
        raise EncodingUnsupported("send the body as it was signed, without Content-Encoding")
    _require_one_meaning(scope, head)
    path: bytes = scope["raw_path"]
    if path.startswith(API_PREFIX):
        path = _PLAIN_ESCAPE.sub(b"", path)
    if b"%" in path:
        raise NotFound


def kept_headers(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the JSON of the headers that are kept with the event."""
    kept: dict[str, Any] = {
        name.decode(): value.decode("latin-1")
        for name, value in headers
        if name in KEPT_HEADERS and len(value) <= KEPT_HEADER_LENGTH_MAX
    }
    return to_json(kept)


def new_request_id() -> str:
    """Return a name for a request: unique, and no secret."""
    return f"{_PROCESS}-{next(_NUMBERS):08x}"


def _note(head: Head, name: bytes, value: bytes) -> None:
    if name == b"host":
        head.host = value
    elif name == b"content-length":
        if len(value) > LENGTH_DIGITS_MAX:
            head.wrong = f"a Content-Length of more than {LENGTH_DIGITS_MAX} digits"
        else:
            head.content_length = int(value)
    elif name == b"content-encoding":
        head.encoding = value.strip()


def _require_one_meaning(scope: Scope, head: Head) -> None:
    """Raise RequestMalformed for what two readers of the head could take for different things.

    Providers sign the host that they call, and proxies go by it; HTTP/1.1 has to name one.
    """
    if head.wrong:
        raise RequestMalformed(head.wrong)
    if (head.host or scope["http_version"] == "1.1") and not _is_host(head.host):
        raise RequestMalformed("the header host is missing or names no host")


@functools.lru_cache(maxsize=HOSTS_KNOWN_MAX)
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None
