"""HTTP as uvicorn speaks it, but an application may lay hands on the connection itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping
    from typing import Any

EXTENSION = "simulator.transport"


class Protocol(HttpToolsProtocol):
    """One connection, which the scope of each of its requests names."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        extensions: dict[str, Any] = {EXTENSION: {"transport": self.transport}}
        self.scope["extensions"] = extensions


def transport_of(scope: Mapping[str, Any]) -> asyncio.Transport:
    """Return the connection that a request came by."""
    transport: asyncio.Transport = scope["extensions"][EXTENSION]["transport"]
    return transport
