"""A proxy before Postgres that breaks a connection once its statement was carried out."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Iterator

STATEMENT = b"top-up-"
PATIENCE_S = 15.0


@contextlib.contextmanager
def losing_answers(database_url: str) -> Iterator[tuple[str, threading.Event]]:
    """Give the URL of the proxy, and an event that, set, loses one answer and is cleared."""
    told = conninfo_to_dict(database_url)
    lose_next = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, told, lose_next), daemon=True).start()
        port = listener.getsockname()[1]
        yield make_conninfo(database_url, host="127.0.0.1", port=port, sslmode="disable"), lose_next
        listener.shutdown(socket.SHUT_RDWR)


def _accept(
    listener: socket.socket, told: dict[str, str | int | None], lose_next: threading.Event
) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = _connect(told)
            loses = threading.Event()
            for words in ((client, server, lose_next, loses), (server, client, None, loses)):
                threading.Thread(target=_pass_on, args=words, daemon=True).start()


def _connect(told: dict[str, str | int | None]) -> socket.socket:
    host, port = str(told["host"]), int(told.get("port") or 5432)
    if not host.startswith("/"):
        return socket.create_connection((host, port), timeout=PATIENCE_S)
    server = socket.socket(socket.AF_UNIX)
    server.connect(f"{host}/.s.PGSQL.{port}")
    return server


def _pass_on(
    source: socket.socket,
    target: socket.socket,
    lose_next: threading.Event | None,
    loses: threading.Event,
) -> None:
    """Pass bytes on; an answer that is to be lost ends the connection in its place."""
    with contextlib.suppress(OSError), source, target:
        while part := source.recv(65_536):
            if lose_next is not None and lose_next.is_set() and STATEMENT in part:
                lose_next.clear()
                loses.set()
            if lose_next is None and loses.is_set():
                break
            target.sendall(part)
        for end in (source, target):
            end.shutdown(socket.SHUT_RDWR)
