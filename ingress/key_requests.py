"""Requests for keys: one short question to a provider, and its whole answer or none.

Whom to ask is partly a sender's word. So the host has to be on the list that the dialect gives, no
redirect is followed, no proxy is taken from the environment, and time and size are small.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import certifi
import httpcore

from domain.delivery import KeyAnswer
from ingress.checked_network import AddressRefused, CheckedNetwork

if TYPE_CHECKING:
    from domain.delivery import KeyWanted

ASK_S_MAX = 1.5
"""Seconds for a question and its whole answer; senders wait 5 s and more for theirs."""

ANSWER_BYTES_MAX = 65_536
"""Bytes of an answer: a chain of certificates has some 6 KiB."""

USER_AGENT = b"payratchet"

_FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    AddressRefused,
    OSError,
)


class NoAnswer(Exception):
    """There is no whole answer. The message says why and quotes nothing."""


class KeyRequests:
    """Asks providers for keys. `authorities` is a PEM file; None: those that all browsers know."""

    def __init__(self, authorities: str | None = None) -> None:
        self._authorities = authorities or certifi.where()
        self._tls: ssl.SSLContext | None = None

    async def ask(self, wanted: KeyWanted) -> KeyAnswer:
        """Return the whole answer within `ASK_S_MAX`. Raises NoAnswer."""
        _require_allowed(wanted)
        try:
            async with asyncio.timeout(ASK_S_MAX):
                tls = await self._known_authorities()
                status, body = await _exchange(wanted, tls)
        except _FAILURES as error:
            raise NoAnswer(f"no answer: {type(error).__name__}") from None
        return KeyAnswer(status, body, tls.get_ca_certs(binary_form=True), int(time.time()))

    async def _known_authorities(self) -> ssl.SSLContext:
        """Return the checks of every connection. A thread reads the file, which takes a while."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(
                ssl.create_default_context, cafile=self._authorities
            )
        return self._tls


def _require_allowed(wanted: KeyWanted) -> None:
    """Raise NoAnswer unless the address is a plain one of a host that the dialect allows."""
    parts = urlsplit(wanted.url)
    schemes = {"https", "http"} if wanted.is_local else {"https"}
    host = parts.netloc if parts.port is None else parts.netloc.rpartition(":")[0]
    is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in schemes or host not in wanted.hosts or not is_plain:
        raise NoAnswer("not asked: the address is not allowed")


async def _exchange(wanted: KeyWanted, tls: ssl.SSLContext) -> tuple[int, bytes]:
    url = httpcore.URL(wanted.url)
    connection = httpcore.AsyncHTTPConnection(
        url.origin, ssl_context=tls, network_backend=CheckedNetwork(is_local=wanted.is_local)
    )
    headers = [
        (b"Host", url.origin.host if url.port is None else b"%b:%d" % (url.host, url.port)),
        (b"Accept", b"application/json, application/x-pem-file, */*"),
        (b"Accept-Encoding", b"identity"),
        (b"User-Agent", USER_AGENT),
    ]
    if wanted.content is not None:
        headers.append((b"Content-Type", b"application/json"))
    try:
        async with connection.stream(
            "GET" if wanted.content is None else "POST",
            url,
            headers=headers,
            content=wanted.content,
        ) as response:
            return response.status, await _read(response)
    finally:
        await connection.aclose()


async def _read(response: httpcore.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise NoAnswer(f"an answer of more than {ANSWER_BYTES_MAX} bytes")
    return bytes(body)
