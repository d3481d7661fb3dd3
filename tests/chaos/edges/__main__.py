"""`python -m tests.chaos.edges FD`: the proxy process, told what to do over a socket it inherits.

Each line is one JSON object, `{"edge", "do", …}`, and is answered by one, `{"value"}` or
`{"error"}`, once it is done. The process ends when the socket does: nothing can outlive the lab.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import resource
import socket
import sys
from typing import Any

import uvloop

from tests.chaos.edges.gate import Gate

OPEN = "open"
DOES = frozenset(
    {
        *("aim", "blackhole", "count", "delay", "drop_next_answer", "heal", "lose_answer"),
        *("refuse", "reset", "throttle"),
    }
)
LINE_BYTES_MAX = 65_536


async def serve(control: socket.socket) -> None:
    """Do what is asked, one after the other, until nobody can ask any more."""
    gates: dict[str, Gate] = {}
    reader, writer = await asyncio.open_unix_connection(sock=control, limit=LINE_BYTES_MAX)
    with contextlib.suppress(ConnectionError):
        while line := await reader.readline():
            writer.write(json.dumps(await _answer(gates, json.loads(line))).encode() + b"\n")
            await writer.drain()


async def _answer(gates: dict[str, Gate], asked: dict[str, Any]) -> dict[str, Any]:
    name, do = asked.pop("edge"), asked.pop("do")
    try:
        if do == OPEN:
            server = asked["server"]
            gates[name] = Gate(server if isinstance(server, str) else tuple(server))
            return {"value": await gates[name].open()}
        if do not in DOES:
            return {"error": f"cannot {do}"}
        return {"value": getattr(gates[name], do)(**asked)}
    except (KeyError, TypeError, ValueError, OSError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> int:
    """Carry everything until the lab is gone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, hard), hard))
    gc.freeze()
    control = socket.socket(fileno=int(sys.argv[1]))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(control))
    return 0


if __name__ == "__main__":
    sys.exit(main())
