"""What tests of the lab's parts share."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.chaos.edges import Edges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.edges import Edge

WAIT_S = 10.0


class Ends:
    """Both sides of an edge, played by the test: clients that connect, a server that accepts."""

    def __init__(self, edge: Edge, listener: socket.socket) -> None:
        self.edge = edge
        self._listener = listener
        self._made: list[socket.socket] = []

    def client(self) -> socket.socket:
        """Connect to the edge."""
        client = socket.create_connection(("127.0.0.1", self.edge.port), timeout=WAIT_S)
        self._made.append(client)
        return client

    def accept(self) -> socket.socket:
        """Return the server's side of the oldest connection that was not accepted yet."""
        server, _ = self._listener.accept()
        server.settimeout(WAIT_S)
        self._made.append(server)
        return server

    def pair(self) -> tuple[socket.socket, socket.socket]:
        """Return the client's and the server's side of a new connection."""
        client = self.client()
        return client, self.accept()

    def close(self) -> None:
        """Hang up everywhere."""
        for made in self._made:
            made.close()


@pytest.fixture(scope="module")
def edges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edges]:
    with Edges(tmp_path_factory.mktemp("edges") / "edges.log") as edges:
        yield edges


@pytest.fixture
def ends(edges: Edges, request: pytest.FixtureRequest) -> Iterator[Ends]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(WAIT_S)
        edge = edges.open(request.node.name, listener.getsockname())
        ends = Ends(edge, listener)
        yield ends
        ends.close()
        edge.heal()
