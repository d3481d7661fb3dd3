"""Each peer does the work it is measured for, and every event of it once."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import subprocess
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest

from tests.bench.peers import environment
from tests.bench.peers.peer import PEERS, Peer
from tests.local import ports, readiness, service, throw_away
from tests.local.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

WANTED = "PAYRATCHET_TEST_PEERS"
"""Set to run these tests, which take over a minute, where the benchmark has installed the peers."""

PYTHON = environment.made(service.DATA / "bench") if os.environ.get(WANTED) else None
PAYMENTS = 500
REPEATED = 100
FORGED = 600
FALSIFIED = 601
CONNECTIONS = 32
UP_WAIT_S = 60.0
ANSWER_WAIT_S = 60.0
QUIET_WAIT_S = 180.0
STOP_WAIT_S = 8.0
POLL_S = 0.05

Connection = psycopg.Connection[tuple[int]]


@dataclass(frozen=True)
class Running:
    peer: Peer
    port: int
    connection: Connection
    processes: dict[str, subprocess.Popen[bytes]]

    def count(self, statement: str) -> int:
        row = self.connection.execute(statement.encode()).fetchone()
        assert row is not None
        return row[0]

    def violations(self) -> dict[str, int]:
        return {name: self.count(sql) for name, sql in self.peer.checks_sql.items()}

    def deliver(self, requests: Iterable[tuple[bytes, dict[str, str]]]) -> set[int]:
        return asyncio.run(_deliver(f"http://127.0.0.1:{self.port}{self.peer.path}", requests))

    def wait_until_applied(self, count: int) -> None:
        deadline_s = time.monotonic() + QUIET_WAIT_S
        while self.count(self.peer.applied_sql) < count and time.monotonic() < deadline_s:
            time.sleep(POLL_S)


@pytest.fixture(scope="module")
def durable() -> Iterator[Stores]:
    with throw_away.folder() as folder, Stores(folder) as stores:
        yield stores


@pytest.fixture(scope="module", params=range(len(PEERS)), ids=[peer.name for peer in PEERS])
def running(request: pytest.FixtureRequest, durable: Stores) -> Iterator[Running]:
    """Give one peer to all tests here: to start one costs seconds. It must stop in time."""
    if PYTHON is None:
        pytest.skip(f"set {WANTED}=1 once the benchmark has installed the peers")
    peer = PEERS[request.param]
    url = _new_database(durable.database_url)
    redis_url = durable.redis_url.replace("db=0", f"db={1 + request.param}")
    port = ports.free()
    peer.prepare(PYTHON, url)
    commands = peer.processes(PYTHON, port=port, database_url=url, redis_url=redis_url)
    with (
        psycopg.connect(url, autocommit=True) as connection,
        _started(commands, durable.folder / "log" / f"{peer.name}.log") as processes,
    ):
        _wait_until_ready(port)
        yield Running(peer, port, connection, processes)


def test_every_event_is_stored_and_credited_once_however_often_it_comes(running: Running) -> None:
    peer = running.peer
    peer.announce(running.connection, 0, PAYMENTS)

    answers = running.deliver(peer.request(n) for n in range(PAYMENTS))

    assert answers == {200}
    assert running.count(peer.acknowledged_sql) == PAYMENTS
    running.wait_until_applied(PAYMENTS)
    assert running.deliver(peer.request(n) for n in range(REPEATED)) == {200}
    assert running.count(peer.acknowledged_sql) == PAYMENTS
    assert running.count(peer.applied_sql) == PAYMENTS
    assert set(running.violations().values()) == {0}


def test_a_forged_event_is_refused_and_leaves_nothing(running: Running) -> None:
    running.peer.announce(running.connection, FORGED, 1)
    stored = running.count(running.peer.acknowledged_sql)
    body, headers = running.peer.request(FORGED)

    answers = running.deliver([(body.replace(b"125000", b"925000"), headers)])

    assert answers <= {400, 401}
    assert running.count(running.peer.acknowledged_sql) == stored


def test_the_checks_see_books_that_are_wrong(running: Running) -> None:
    peer = running.peer
    peer.announce(running.connection, FALSIFIED, 1)
    applied = running.count(peer.applied_sql)
    running.deliver([peer.request(FALSIFIED)])
    running.wait_until_applied(applied + 1)
    assert set(running.violations().values()) == {0}

    accounts, payments = peer.tables.accounts, peer.tables.payments
    with running.connection.transaction(force_rollback=True):
        running.connection.execute(f"UPDATE {accounts} SET balance_minor = 1".encode())
        running.connection.execute(f"UPDATE {payments} SET state = 'pending'".encode())
        violated = {name for name, count in running.violations().items() if count}

    assert violated == {
        "a balance is the sum of its credits",
        "what succeeded is credited, in full, and nothing else",
    }


@pytest.mark.skipif(WANTED not in os.environ, reason=f"makes an environment; set {WANTED}=1")
def test_packages_that_cannot_be_had_are_told_with_the_installers_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"nowhere @ file://{tmp_path}/nowhere.whl\n")
    monkeypatch.setattr(environment, "LOCK", lock)

    with pytest.raises(environment.PeersMissing, match=r"nowhere\.whl"):
        environment.ready(tmp_path)

    gc.collect()
    assert environment.made(tmp_path) is None


async def _deliver(url: str, requests: Iterable[tuple[bytes, dict[str, str]]]) -> set[int]:
    waiting = iter(list(requests))
    answers: set[int] = set()

    async def send_in_turn(client: httpx.AsyncClient) -> None:
        for body, headers in waiting:
            answer = await client.post(url, content=body, headers=headers)
            answers.add(answer.status_code)

    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, timeout=ANSWER_WAIT_S, trust_env=False) as client:
        await asyncio.gather(*(send_in_turn(client) for _ in range(CONNECTIONS)))
    return answers


@contextlib.contextmanager
def _started(
    commands: dict[str, tuple[list[str], dict[str, str]]], log: Path
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    with contextlib.ExitStack() as until_the_end, log.open("ab") as output:
        processes = {}
        for name, (command, extra) in commands.items():
            process = subprocess.Popen(
                command, env={**os.environ, **extra}, stdout=output, stderr=subprocess.STDOUT
            )
            until_the_end.callback(_end, process)
            processes[name] = process
        yield processes


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_WAIT_S)
    finally:  # a peer that outlives the wait fails the run, and is not left behind
        process.kill()
        process.wait()


def _wait_until_ready(port: int) -> None:
    deadline_s = time.monotonic() + UP_WAIT_S
    while not readiness.is_ready(port):
        assert time.monotonic() < deadline_s, "the peer does not serve"
        time.sleep(POLL_S)


def _new_database(url: str) -> str:
    name = f"peer_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
