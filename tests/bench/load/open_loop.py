"""An open loop: requests leave at moments that were fixed before, whether answers come or not.

Latency counts from the moment a request was meant to leave. A server that stalls is charged for
all that should have been sent meanwhile, which a closed loop would quietly have left out.
`python -m tests.bench.load.open_loop PLAN` says "ready" when everything is in memory, and begins
when it reads a line.
"""

from __future__ import annotations

import gc
import json
import select
import sys
import time
from array import array
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.load import answer, arrivals, percentiles, sent, target
from tests.bench.load.connection import LOST, Connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

POLL_S = 0.05
LAST_ANSWER_S_MAX = 30.0
"""How long the last answers are waited for."""


class Source:
    """One sender with connections of its own, so that it waits for no other's answers."""

    def __init__(self, requests: Iterable[bytes], connections: Iterable[Connection]) -> None:
        self.requests = iter(requests)
        # The one used last is used next: the fewer are in use, the fewer grow cold.
        self.free = list(connections)
        self.waiting: deque[int] = deque()


class OpenLoop:
    """Sends each request at its moment, or as soon after as a connection is free."""

    def __init__(self, due: list[tuple[float, int]], poll: select.epoll) -> None:
        self._due = due
        self._poll = poll
        self._readable = [poll.fileno()]
        self._by_fd: dict[int, tuple[Connection, Source]] = {}
        self._in_air: dict[int, int] = {}
        self._sources: list[Source] = []
        self._unanswered = len(due)
        self._begun_s = 0.0
        self.waited = 0
        self.late_s = array("d")
        self.latency_s = array("d", bytes(8 * len(due)))
        self.status = array("h", [LOST]) * len(due)

    def add(self, source: Source) -> None:
        """Add a source, at the next place."""
        self._sources.append(source)
        self._by_fd |= {each.fd: (each, source) for each in source.free}

    def drive(self) -> float:
        """Send everything, hear the answers, and return when it began (monotonic)."""
        self._begun_s = time.monotonic()
        ends_s = self._due[-1][0] + LAST_ANSWER_S_MAX
        at, last = 0, len(self._due)
        while self._unanswered and (now_s := self._now_s()) < ends_s:
            while at < last and self._due[at][0] <= now_s:
                self._dispatch(at)
                at += 1
            self._listen(self._due[at][0] - self._now_s() if at < last else POLL_S)
        return self._begun_s

    def _now_s(self) -> float:
        return time.monotonic() - self._begun_s

    def _listen(self, within_s: float) -> None:
        # epoll knows milliseconds only, which is too coarse; select waits for it by microseconds.
        if select.select(self._readable, (), (), max(0.0, within_s))[0]:
            for fd, _ in self._poll.poll(0):
                self._hear(*self._by_fd[fd])

    def _dispatch(self, at: int) -> None:
        due_s, place = self._due[at]
        source = self._sources[place]
        if source.free:
            self._send(at, source.free.pop(), source)
            self.late_s.append(self._now_s() - due_s)
        else:
            self.waited += 1
            source.waiting.append(at)

    def _send(self, at: int, by: Connection, source: Source) -> None:
        self._in_air[by.fd] = at
        # What is not taken is heard of as the end of the connection.
        by.send(next(source.requests))

    def _hear(self, from_: Connection, source: Source) -> None:
        status = from_.receive()
        if status == answer.INCOMPLETE:
            return
        at = self._in_air.pop(from_.fd, None)
        if status == LOST:
            del self._by_fd[from_.fd]
            from_.renew()
            self._by_fd[from_.fd] = (from_, source)
        if at is None:
            return
        self.latency_s[at] = self._now_s() - self._due[at][0]
        self.status[at] = status
        self._unanswered -= 1
        if source.waiting:
            self._send(source.waiting.popleft(), from_, source)
        else:
            source.free.append(from_)


def main(words: list[str]) -> int:
    """Read the plan, wait for the word, send, and write what was found."""
    plan: dict[str, Any] = json.loads(words[0])
    rates = [(each["tag"], each["rate_per_s"], each["count"]) for each in plan["sources"]]
    moments = [arrivals.poisson(f"{plan['seed']}:{tag}", rate, n) for tag, rate, n in rates]
    due = arrivals.merged(moments)
    poll = select.epoll()
    loop = OpenLoop(due, poll)
    for each in plan["sources"]:
        connections = (Connection(plan["port"], poll) for _ in range(each["connections"]))
        loop.add(Source(_requests(each), connections))
    gc.disable()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    spent_s = time.process_time()
    begun_s = loop.drive()
    share = (time.process_time() - spent_s) / (time.monotonic() - begun_s)
    told: dict[str, object] = {
        "tags": [tag for tag, _, _ in rates],
        "begun_s": begun_s,
        "late": asdict(percentiles.of_seconds(loop.late_s)),
        "waited": loop.waited,
        "share": share,
    }
    columns = (
        array("d", [at_s for at_s, _ in due]),
        loop.latency_s,
        loop.status,
        array("B", [place for _, place in due]),
    )
    sent.write(Path(plan["out"]), told, columns)
    return 0


def _requests(source: dict[str, Any]) -> Iterator[bytes]:
    found = list(target.requests(source["head"].encode(), Path(source["requests"])))
    if len(found) < source["count"]:
        raise SystemExit(f"{source['requests']} has {len(found)} deliveries.")
    return iter(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
