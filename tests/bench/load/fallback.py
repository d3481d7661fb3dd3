"""A flood by a generator of our own, for machines without wrk.

Dearer than wrk: on a machine with few cores it takes from the server what it needs itself, so
figures of the two are not to be compared.
"""

from __future__ import annotations

import gc
import json
import select
import sys
import time
from array import array
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.load import answer, generator, result, target
from tests.bench.load.connection import LOST, Connection
from tests.bench.load.percentiles import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.load.result import Flood
    from tests.bench.load.target import Target

NAME = "our own generator"
GRACE_S = 20.0
POLL_S = 0.1


def run(to: Target, requests: Path, *, for_s: int, connections: int) -> Flood:
    """Send the deliveries of a file for so many seconds, each once, in a process of its own.

    Raises BenchFailed when it fails or the file runs out.
    """
    words = [sys.executable, "-m", __name__, str(to.port), to.head().decode(), str(requests)]
    words += [str(for_s), str(connections)]
    ended = generator.run(words, within_s=for_s + GRACE_S)
    return result.read(NAME, ended.text, requests, ended_s=ended.ended_s, cpu_s=ended.cpu_s)


class Flooding:
    """A closed loop: each connection sends its next request when its answer is there."""

    def __init__(self, port: int, connections: int) -> None:
        self._poll = select.epoll()
        made = [Connection(port, self._poll) for _ in range(connections)]
        self._connections = {each.fd: each for each in made}
        self._sent_s: dict[Connection, float] = {}
        self._latencies_s = array("d")
        self._refused = 0
        self._errors = 0

    def drive(self, requests: Iterator[bytes], for_s: float) -> dict[str, object]:
        """Flood for so long, or until there is no request left; return what it found."""
        begun_s = time.monotonic()
        ends_s = begun_s + for_s
        ran_out = self._begin(requests)
        while not ran_out and time.monotonic() < ends_s:
            for fd, _ in self._poll.poll(POLL_S):
                ran_out = self._hear(self._connections[fd], requests) or ran_out
        return self._told(time.monotonic() - begun_s, ran_out=ran_out)

    def _begin(self, requests: Iterator[bytes]) -> bool:
        first = list(islice(requests, len(self._connections)))
        for each, request in zip(self._connections.values(), first, strict=False):
            self._send(each, request)
        return len(first) < len(self._connections)

    def _hear(self, from_: Connection, requests: Iterator[bytes]) -> bool:
        """Take what came, and send the next request; say whether there was none."""
        status = from_.receive()
        if status == answer.INCOMPLETE:
            return False
        if status == LOST:
            self._renew(from_)
        else:
            self._latencies_s.append(time.monotonic() - self._sent_s[from_])
            self._refused += not 200 <= status < 300
        request = next(requests, None)
        if request is None:
            return True
        self._send(from_, request)
        return False

    def _renew(self, lost: Connection) -> None:
        self._errors += 1
        del self._connections[lost.fd]
        lost.renew()
        self._connections[lost.fd] = lost

    def _send(self, to: Connection, request: bytes) -> None:
        self._sent_s[to] = time.monotonic()
        # What is not taken is heard of as the end of the connection.
        to.send(request)

    def _told(self, took_s: float, *, ran_out: bool) -> dict[str, object]:
        ordered = sorted(self._latencies_s) or [0.0]
        return {
            "answered": len(self._latencies_s),
            "refused": self._refused,
            "errors": self._errors,
            "for_us": round(took_s * 1e6),
            "ran_out": ran_out,
            "p50_us": round(nearest(ordered, 0.5) * 1e6),
            "p99_us": round(nearest(ordered, 0.99) * 1e6),
            "p999_us": round(nearest(ordered, 0.999) * 1e6),
        }


def main(words: list[str]) -> int:
    """Flood, and print what was found."""
    port, head, requests, for_s, connections = words
    made = target.requests(head.encode(), Path(requests))
    flooding = Flooding(int(port), int(connections))
    gc.disable()
    sys.stdout.write(json.dumps(flooding.drive(made, float(for_s))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
