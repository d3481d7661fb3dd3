"""A server of keys on this machine, which behaves as it is told and counts who came."""

from __future__ import annotations

import contextlib
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.conformance.key_pairs import certificates, rsa_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class KeyServer:
    """`behave` gets each request, whose content it may have had; `asked` are their paths."""

    port: int
    behave: Callable[[BaseHTTPRequestHandler, bytes], None]
    asked: list[str] = field(default_factory=list)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)


def says(
    status: int, body: bytes, *headers: tuple[str, str]
) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    """Return the behaviour of one plain answer."""

    def behave(request: BaseHTTPRequestHandler, content: bytes) -> None:
        del content
        request.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return behave


@contextlib.contextmanager
def key_server(tls: ssl.SSLContext | None = None) -> Iterator[KeyServer]:
    """Serve until the block ends."""
    told: list[KeyServer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told[0].asked.append(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            with contextlib.suppress(OSError):
                told[0].behave(self, content)

        do_POST = do_GET  # noqa: N815 - the library's own names

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def get_request(self) -> object:  # type: ignore[override]
            connection, address = super().get_request()
            told[0].connections += 1
            return connection, address

        def process_request_thread(self, request: object, client_address: object) -> None:
            with contextlib.suppress(OSError):
                connection = request if tls is None else tls.wrap_socket(request, server_side=True)  # type: ignore[arg-type]
                super().process_request_thread(connection, client_address)  # type: ignore[arg-type]

    with Server(("127.0.0.1", 0), Handler) as server:
        told.append(KeyServer(server.server_address[1], says(200, b"a key")))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield told[0]
        finally:
            told[0].over.set()
            server.shutdown()
            thread.join()


def local_tls(directory: Path) -> tuple[ssl.SSLContext, str]:
    """Return the checks of a server called localhost, and the file of the authority behind it."""
    made = certificates("localhost")
    key = rsa_pair(0).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    server_file, authority = directory / "server.pem", directory / "authority.pem"
    server_file.write_bytes(key + made.chain)
    authority.write_text(ssl.DER_cert_to_PEM_cert(made.root))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    return context, str(authority)
