"""One service for all dialects: a web process with an account of each, and a way to post to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.conformance.key_pairs import certificates
from tests.conformance.posting import post, stem_of, variables
from tests.conformance.senders import BY_NAME, SENDERS, paypal, plaid
from tests.ingress.key_server import key_server, says
from tests.local import ports
from tests.workers.processes import Process
from tests.workers.scene import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from tests.conformance.sender import Request, Sale

ANSWER_S_MAX = 15.0
WEB = ("-m", "ingress")


@dataclass(frozen=True, slots=True)
class Web:
    """The running door; `keys_url` is where it fetches keys."""

    port: int
    keys_url: str

    def post(self, name: str, sale: Sale) -> tuple[int, bytes]:
        """Have the provider tell of the sale now; return what it gets for an answer."""
        sender = BY_NAME[name]
        request = self._here(sender.request(sender.payload(sale), at=b"%d" % time.time()))
        return post(f"http://127.0.0.1:{self.port}", sender, request)

    def _here(self, request: Request) -> Request:
        """Return the request with the address of its certificate on this machine."""
        there = f"https://{urlsplit(paypal.CERTIFICATE_URL).netloc}"
        headers = [
            (name, value.replace(there.encode(), self.keys_url.encode()))
            for name, value in request.headers
        ]
        return replace(request, headers=headers)


@contextlib.contextmanager
def served(database_url: str, redis_url: str, folder: Path) -> Iterator[Web]:
    """Start a web process that knows an account of every sender, and who shows it keys."""
    with key_server() as keys:
        keys.behave = _show_key
        keys_url, port = f"http://127.0.0.1:{keys.port}", ports.free()
        authority = folder / "authority.pem"
        authority.write_text(ssl.DER_cert_to_PEM_cert(certificates().root))
        told = {**accounts(keys_url), "PORT": str(port), "KEY_AUTHORITIES_FILE": str(authority)}
        with told_to(told), Process(WEB, database_url, redis_url) as web:
            wait_until(lambda: _is_ready(port) or web.popen.poll() is not None)
            assert web.popen.poll() is None, web.said()
            yield Web(port, keys_url)


def accounts(keys_url: str) -> dict[str, str]:
    """Return the variables of an account of every sender."""
    found: dict[str, str] = {}
    for sender in SENDERS:
        found |= variables(sender)
        if sender.keys:
            found[f"{stem_of(sender.name)}_API_URL"] = keys_url
    return found


@contextlib.contextmanager
def told_to(environment: Mapping[str, str]) -> Iterator[None]:
    """Have the processes that are started here know these variables."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        for name in environment:
            os.environ.pop(name)
        os.environ.update(before)


def _show_key(request: BaseHTTPRequestHandler, content: bytes) -> None:
    if request.path.startswith("/v1/notifications/certs/"):
        says(200, certificates().chain)(request, content)
    else:
        shown = {"key": plaid.jwk(plaid.PAIRS[plaid.SECRET]), "request_id": "r"}
        says(200, json.dumps(shown).encode())(request, content)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S_MAX)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
