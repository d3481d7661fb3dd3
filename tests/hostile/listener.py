"""A listener that nobody may call."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK_S = 0.2
"""Seconds between two looks whether it is to end."""


@dataclass
class Listener:
    """`callers` has the address of everybody who connected."""

    port: int
    callers: list[str] = field(default_factory=list)


@contextlib.contextmanager
def listening() -> Iterator[Listener]:
    """Listen on the loopback until the block ends."""
    ending = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LOOK_S)
        listener = Listener(server.getsockname()[1])

        def accept() -> None:
            while not ending.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, address = server.accept()
                    listener.callers.append(str(address))
                    connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener
        finally:
            ending.set()
            thread.join()
