"""The stage as a whole: it serves through its edges, is hurt and healed, and leaves nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from tests.chaos.stage import NAMES, Stage, raised
from tests.dev import processes
from tests.local import throw_away

if TYPE_CHECKING:
    from collections.abc import Iterator

BACK_S_MAX = 60.0
"""Longest that a process may take to be back, with other tests beside it."""

FREEZES_ALL = """
import os, sys, time
from pathlib import Path
from tests.chaos.processes import Processes
from tests.chaos.stage import DIES_BY
from tests.chaos.store_keeper import StoreKeeper
from tests.local.stores import Stores
from tests.local.supervisor import Supervisor
folder = Path(sys.argv[1])
sleeping = {"web-1": [sys.executable, "-c", "import time; time.sleep(60)"]}
supervisor = Supervisor(
    sleeping, environments={"web-1": os.environ}, logs=folder, folder=folder, dies_by=DIES_BY
)
with StoreKeeper(Stores(folder, throw_away=True)) as stores, supervisor:
    pid = Processes(supervisor).stop("web-1")
    stores.freeze_postgres()
    stores.freeze_valkey()
    print(pid, stores.valkey_pid, *stores.postgres_pids(), flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    injected = {name: {"INJECTED_INTO": name} for name in NAMES}
    with throw_away.folder() as folder, raised(folder, injections=injected) as stage:
        yield stage


@pytest.fixture(autouse=True)
def _healed(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "stage" in request.fixturenames:
        request.getfixturevalue("stage").heal()


def environment_of(stage: Stage, name: str) -> dict[str, str]:
    pid = stage.processes.pid(name)
    words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(word.split("=", 1) for word in words if "=" in word)


def send(stage: Stage, number: int, *, front: int = 0) -> int:
    """Deliver a signed event; return the status."""
    data = {"id": number, "status": "success", "reference": f"S-{number}", "amount": 5_000}
    body = json.dumps({"event": "charge.success", "data": {**data, "currency": "NGN"}}).encode()
    key = stage.environment["PAYSTACK_SECRET_KEY"].encode()
    headers = {"X-Paystack-Signature": hmac.new(key, body, hashlib.sha512).hexdigest()}
    url = f"{stage.ingress_urls[front]}/webhooks/paystack"
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=BACK_S_MAX) as answer:
        status: int = answer.status
        return status


def events(stage: Stage) -> int:
    with psycopg.connect(stage.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM inbound_events").fetchone()
    assert row is not None
    return int(row[0])


def is_back(stage: Stage, name: str) -> bool:
    return processes.wait_until(lambda: stage.processes.is_ready(name), within_s=BACK_S_MAX)


def test_an_event_that_comes_through_a_front_is_kept_and_every_process_talks_through_its_edges(
    stage: Stage,
) -> None:
    before = events(stage)
    assert [send(stage, 1, front=0), send(stage, 2, front=1)] == [200, 200]

    assert events(stage) == before + 2
    asked = {f"{name}-postgres" for name in NAMES} | {"front-1", "front-2"}
    assert {name for name in asked if not stage.edges[name].counts["connections"]} == set()
    assert {f"{name}-valkey" for name in NAMES} < set(stage.edges)
    assert {"worker-1-provider", "worker-2-provider"} < set(stage.edges)


def test_each_process_has_what_is_injected_into_it_and_only_the_secrets_of_its_kind(
    stage: Stage,
) -> None:
    known = {name: environment_of(stage, name) for name in NAMES}

    assert all(known[name]["INJECTED_INTO"] == name for name in NAMES)
    knowing = [name for name in NAMES if "PAYSTACK_SECRET_KEY" in known[name]]
    assert knowing == ["web-1", "web-2", "worker-1", "worker-2"]
    assert len({known[name]["DATABASE_URL"] for name in NAMES}) == len(NAMES)


def test_a_killed_process_is_started_again_and_one_that_is_held_is_not(stage: Stage) -> None:
    before = stage.processes.restarts["worker-1"]
    stage.processes.hold("worker-1")
    killed = stage.processes.kill("worker-1")
    assert processes.wait_until(lambda: stage.processes.pid("worker-1") is None)
    assert stage.processes.exits[-1][1:] == ("worker-1", -signal.SIGKILL)
    assert stage.processes.restarts["worker-1"] == before

    stage.processes.let("worker-1")

    assert is_back(stage, "worker-1")
    assert stage.processes.pid("worker-1") != killed
    assert stage.processes.restarts["worker-1"] == before + 1


def test_a_restart_is_measured_and_its_changed_environment_stays_for_later_starts(
    stage: Stage,
) -> None:
    stopped_in_s, returncode = stage.processes.restart("web-1", {"HELLO": "there"})
    assert (0 < stopped_in_s < 10, returncode) == (True, 0)
    assert is_back(stage, "web-1")
    assert environment_of(stage, "web-1")["HELLO"] == "there"

    stage.processes.kill("web-1")
    assert processes.wait_until(lambda: stage.processes.pid("web-1") is None)
    assert is_back(stage, "web-1")
    assert environment_of(stage, "web-1")["HELLO"] == "there"
    assert send(stage, 3) == 200
    stage.processes.change("web-1", {})


def test_a_stopped_process_stands_still_until_it_may_go_on(stage: Stage) -> None:
    stage.processes.stop("web-2")
    assert not stage.processes.is_ready("web-2")

    stage.processes.cont("web-2")

    assert is_back(stage, "web-2")


def test_a_killed_postgres_comes_back_with_every_event(stage: Stage) -> None:
    assert send(stage, 4) == 200
    before, pids = events(stage), stage.stores.postgres_pids()
    assert len(pids) > 5

    stage.stores.kill_postgres()
    assert not stage.stores.is_postgres_up
    assert processes.wait_until(lambda: not any(map(processes.is_alive, pids)))
    stage.stores.start_postgres()

    assert stage.stores.is_postgres_up
    assert events(stage) == before
    assert is_back(stage, "web-1")


def test_a_frozen_postgres_answers_nobody_until_it_is_thawed(stage: Stage) -> None:
    stage.stores.freeze_postgres()
    with pytest.raises(psycopg.errors.ConnectionTimeout):
        psycopg.connect(stage.database_url, connect_timeout=2)

    stage.stores.thaw_postgres()

    assert events(stage) >= 0


def test_a_frozen_postgres_can_be_killed(stage: Stage) -> None:
    pids = stage.stores.postgres_pids()
    stage.stores.freeze_postgres()

    stage.stores.kill_postgres()

    assert processes.wait_until(lambda: not any(map(processes.is_alive, pids)))
    stage.stores.start_postgres()
    assert events(stage) >= 0


def test_a_valkey_that_is_started_again_has_what_it_kept_unless_it_is_wiped(stage: Stage) -> None:
    with redis.Redis.from_url(stage.redis_url) as client:
        client.set("kept", "1")
        client.config_set("appendfsync", "always")
        client.set("kept", "2")
    stage.stores.kill_valkey()
    assert stage.stores.valkey_pid is None
    stage.stores.start_valkey()
    with redis.Redis.from_url(stage.redis_url) as client:
        assert client.get("kept") == b"2"

    stage.stores.kill_valkey()
    stage.stores.start_valkey(wipe=True)

    with redis.Redis.from_url(stage.redis_url) as client:
        assert client.get("kept") is None


def test_a_killed_lab_leaves_nothing_although_all_of_it_stands_still() -> None:
    with throw_away.folder() as folder:
        lab = subprocess.Popen(
            [sys.executable, "-c", FREEZES_ALL, str(folder)],
            cwd=processes.ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert lab.stdout is not None
        with lab.stdout:
            pids = [int(word) for word in lab.stdout.readline().split()]
            assert len(pids) > 5
            assert all(map(processes.is_alive, pids))

            os.kill(lab.pid, signal.SIGKILL)
            lab.wait()

        assert processes.wait_until(lambda: not any(map(processes.is_alive, pids)))
