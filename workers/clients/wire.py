"""One request and its whole answer over HTTP, within bounds of time and size.

Every failure is one of two: nothing was sent, or something may have been. No redirect is followed,
no proxy is taken from the environment, nothing is decompressed, and a certificate that does not
fit is a connection that did not come about.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import httpcore
import httpx

from domain.errors import OutcomeUnknown, ProviderAway
from domain.providers.api import PATH_STEPS, SERVER_ERRORS, AnswerUnclear, ApiAnswer, unwritable
from workers.clients import deadline
from workers.clients.connections import Connections

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from domain.providers.api import ApiRequest, Pairs
    from workers.clients.limits import Limits

USER_AGENT = "payratchet"

RETRY_AFTER_S_MAX = 3600
"""Seconds a provider may ask us to wait; whatever is longer is taken for a mistake."""

_NOT_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.ConnectionNotAvailable,
)
_MAYBE_SENT = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError)


class NotSent(ProviderAway):
    """No connection came about, so that the provider has heard nothing."""


class Wire:
    """The connections to one provider account. Shared by threads."""

    def __init__(self, base_url: str, headers: Pairs, *, limits: Limits) -> None:
        self._base_url = base_url
        self._headers = headers
        self._limits = limits
        self._connections = Connections(base_url, tls() if base_url.startswith("https:") else None)

    def exchange(self, request: ApiRequest, *, until_s: float) -> ApiAnswer:
        """Return the whole answer.

        Raises NotSent or OutcomeUnknown, by `until_s` of the monotonic clock at the latest;
        ProviderRefused where the request has no address.
        """
        url = self._url(request)
        if time.monotonic() >= until_s:
            raise NotSent("no time is left")
        try:
            with deadline.ends(until_s):
                return self._exchange(url, request)
        except _NOT_SENT as error:
            raise NotSent(f"no connection: {type(error).__name__}") from None
        except _MAYBE_SENT as error:
            raise OutcomeUnknown(f"no whole answer: {type(error).__name__}") from None

    def close(self) -> None:
        """Close the connections that wait for another call."""
        self._connections.close()

    def _exchange(self, url: str, request: ApiRequest) -> ApiAnswer:
        content, content_type = _body(request)
        headers = (
            *self._headers,
            *request.headers,
            *content_type,
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", USER_AGENT),
        )
        timeouts = {
            "connect": self._limits.connect_s,
            "read": self._limits.read_s,
            "write": self._limits.read_s,
        }
        with (
            self._connections.one() as connection,
            connection.stream(
                request.method,
                url,
                headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in headers],
                content=content,
                extensions={"timeout": timeouts},
            ) as response,
        ):
            body = _read(response.iter_stream(), response.status, request.answer_bytes_max)
            return ApiAnswer(response.status, body, _pause_s(response.headers))

    def _url(self, request: ApiRequest) -> str:
        if any(part in PATH_STEPS for part in request.path):
            raise unwritable("reference_unusable")
        path = "/".join(quote(part, safe="") for part in request.path)
        query = f"?{urlencode(request.query)}" if request.query else ""
        return f"{self._base_url}/{path}{query}"


def retry_after_s(text: str, *, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` asks for, or None where it asks for nothing sane.

    Takes seconds and dates; what is negative, past or longer than `RETRY_AFTER_S_MAX` is ignored.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        pause_s = float(text[:9])
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        pause_s = (aware - now).total_seconds()
    return pause_s if 0 <= pause_s <= RETRY_AFTER_S_MAX else None


def _pause_s(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    found = [value for name, value in headers if name.lower() == b"retry-after"]
    return retry_after_s(found[0].decode("latin-1"), now=datetime.now(UTC)) if found else None


def _body(request: ApiRequest) -> tuple[bytes | None, Pairs]:
    if request.json is not None:
        content_type = (("Content-Type", "application/json"),)
        return json.dumps(request.json, separators=(",", ":")).encode(), content_type
    if request.method == "POST":
        content_type = (("Content-Type", "application/x-www-form-urlencoded"),)
        return urlencode(request.form or ()).encode("ascii"), content_type
    return None, ()


def _read(chunks: Iterable[bytes], status: int, bytes_max: int) -> bytes:
    """Read to the end, which has to come before `bytes_max` and before the call's deadline."""
    body = bytearray()
    for chunk in chunks:
        deadline.left_s(None, httpcore.ReadTimeout)
        body += chunk
        if len(body) > bytes_max:
            unknown = OutcomeUnknown if status >= SERVER_ERRORS else AnswerUnclear
            raise unknown(f"an answer of more than {bytes_max} bytes", http_status=status)
    return bytes(body)


@cache
def tls() -> ssl.SSLContext:
    """Return the checks of every connection: known authorities, and the name of the host."""
    return httpx.create_ssl_context(trust_env=False)
