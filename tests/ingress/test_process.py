from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from ingress import settings
from ingress.errors import StartRefused
from tests.ingress.serving import SECRET, Door, charge, until
from tests.local import readiness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
STOP_S_MAX = 10


def _environment(database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "SECRET" not in name}
    return kept | {"DATABASE_URL": database_url, "REDIS_URL": redis_url} | more


@contextlib.contextmanager
def process(
    environment: Mapping[str, str], module: str = "ingress"
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", module], cwd=ROOT, env=environment, stderr=subprocess.PIPE
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def test_the_process_serves_logs_and_stops_when_told(database_url: str, redis_url: str) -> None:
    port = _free_port()
    door = Door(port, database_url)
    environment = _environment(
        database_url, redis_url, PORT=str(port), PAYSTACK_SECRET_KEY=SECRET, WEB_CONCURRENCY="1"
    )
    with process(environment) as started:
        until(lambda: readiness.is_ready(port))
        answers = [door.post(charge(number)) for number in range(20)]
        with door.connected():
            started.send_signal(signal.SIGTERM)
            _, said = started.communicate(timeout=STOP_S_MAX)

    assert started.returncode == 0
    lines = [json.loads(line) for line in said.splitlines()]
    accepted = [line for line in lines if line["event"] == "delivery.accepted"]
    assert [str(line["event_id"]) for line in accepted] == [
        answer.json["event_id"] for answer in answers
    ]
    assert set(accepted[0]) == {
        "account",
        "event",
        "event_id",
        "level",
        "provider",
        "request_id",
        "timestamp",
    }
    assert SECRET.encode() not in said


def test_several_processes_share_one_port(database_url: str, redis_url: str) -> None:
    port = _free_port()
    door = Door(port, database_url)
    environment = _environment(
        database_url, redis_url, PORT=str(port), PAYSTACK_SECRET_KEY=SECRET, WEB_CONCURRENCY="2"
    )
    with process(environment) as started:
        until(lambda: readiness.is_ready(port))
        assert {door.post(charge(number)).status for number in range(20)} == {200}
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=STOP_S_MAX + 5)

    assert door.count("inbound_events") == 20


def test_the_bare_ingress_of_the_benchmark_checks_as_we_do_and_keeps_nothing(
    database_url: str, redis_url: str
) -> None:
    port = _free_port()
    door = Door(port, database_url)
    environment = _environment(
        database_url, redis_url, PORT=str(port), PAYSTACK_SECRET_KEY=SECRET, WEB_CONCURRENCY="1"
    )
    with process(environment, "tests.bench.floors.bare_ingress") as started:
        until(lambda: readiness.is_ready(port))
        answers = [door.post(charge(number)).json for number in range(20)]
        forged = door.post(charge(), secret="sk_test_" + "f" * 32)
        started.send_signal(signal.SIGTERM)
        _, said = started.communicate(timeout=STOP_S_MAX)

    assert {answer["status"] for answer in answers} == {"accepted"}
    assert len({answer["event_id"] for answer in answers}) == 20
    assert forged.status == 401
    assert said.count(b'"event":"delivery.accepted"') == 20
    assert (door.count("inbound_events"), door.count("inbound_work")) == (0, 0)


def test_an_empty_secret_refuses_to_start(database_url: str, redis_url: str) -> None:
    with process(_environment(database_url, redis_url, PAYSTACK_SECRET_KEY="")) as started:
        _, said = started.communicate(timeout=STOP_S_MAX)

    assert started.returncode == 2
    assert said.decode().splitlines() == [
        "The ingress does not start: PAYSTACK_SECRET_KEY is empty or has an empty element."
    ]


@pytest.mark.parametrize(
    ("name", "value"), [("REDIS_URL", None), ("PORT", "many"), ("TRUSTED_PROXIES", "everybody")]
)
def test_a_missing_or_wrong_setting_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)

    with pytest.raises(StartRefused) as refused:
        settings.load()

    said = str(refused.value)
    assert said.startswith(f"{name} is not ")
    assert value is None or value not in said


def test_a_store_that_may_lose_commits_refuses_to_start(database_url: str, redis_url: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
    environment = _environment(database_url, redis_url, PAYSTACK_SECRET_KEY=SECRET)
    environment.pop("PAYRATCHET_ALLOW_UNSAFE_STORE")

    with process(environment) as started:
        _, said = started.communicate(timeout=STOP_S_MAX)

    assert started.returncode == 2
    assert b"synchronous_commit off and would lose acknowledged payments" in said
