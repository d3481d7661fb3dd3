from __future__ import annotations

import asyncio
import socket

import uvloop

from ingress.held_transport import HeldTransport


def test_an_answer_leaves_in_one_packet_and_is_dropped_once_the_client_has_gone() -> None:
    uvloop.run(_answer())


async def _answer() -> None:
    ours, theirs = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    held = HeldTransport(transport, transport.close)
    with theirs:
        held.write(b"HTTP/1.1 200 OK\r\n\r\n")
        held.write(b"body")
        held.flush()
        assert await asyncio.to_thread(theirs.recv, 100) == b"HTTP/1.1 200 OK\r\n\r\nbody"

        transport.abort()
        held.write(b"too late")
        await asyncio.sleep(0)
        held.flush()
        assert theirs.recv(100) == b""
