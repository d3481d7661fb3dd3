from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingress import waiting_room
from migrations.run import upgrade
from tests.ingress.lossy_proxy import losing_answers
from tests.ingress.serving import Door, charge, serving, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingress.serving import Answer
    from tests.local.stores import Stores

QUICK_S_MAX = 2 * waiting_room.DEADLINE_S
"""What a delivery that cannot be kept may take, with as much again for a machine that is busy: far
less than any sender waits."""


@pytest.fixture
def own_door(own_stores: Stores) -> Iterator[Door]:
    upgrade(own_stores.database_url)
    with serving(own_stores.database_url, own_stores.redis_url) as door:
        until(lambda: door.ask("GET", "/readyz").status == 200)
        yield door


@contextmanager
def frozen(postmaster: int) -> Iterator[None]:
    """Stop every process of a Postgres, and let them go on afterwards."""
    pids = [postmaster, *_children(postmaster)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


def _children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in text.split()]


def _timed(door: Door, number: int) -> tuple[Answer, float]:
    began_s = time.monotonic()
    return door.post(charge(number)), time.monotonic() - began_s


def test_a_frozen_postgres_is_a_quick_503_and_comes_back(
    own_door: Door, own_stores: Stores
) -> None:
    with frozen(own_stores.postgres_pid), ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: _timed(own_door, number), range(40)))
        assert own_door.ask("GET", "/health").status == 503

    for answer, took_s in answers:
        assert (answer.status, answer.json["code"]) == (503, "store_unavailable")
        assert answer.json["retryable"] is True
        assert int(answer.headers["retry-after"]) >= 1
        assert took_s < QUICK_S_MAX
    until(lambda: own_door.post(charge(1)).status == 200)
    until(lambda: own_door.ask("GET", "/health").status == 200)


def test_a_killed_postgres_is_a_quick_503_and_comes_back(
    own_door: Door, own_stores: Stores
) -> None:
    assert own_door.post(charge(1)).status == 200

    own_stores.postgres.kill()
    answer, took_s = _timed(own_door, 2)
    own_stores.postgres.start()

    assert (answer.status, took_s < QUICK_S_MAX) == (503, True)
    until(lambda: own_door.post(charge(2)).json.get("status") in ("accepted", "duplicate"))
    assert own_door.post(charge(1)).json["status"] == "duplicate"
    assert own_door.count("inbound_events") == 2


def test_a_batch_whose_connection_dies_is_kept_on_another(own_door: Door) -> None:
    """Whoever ends the connections of the ingress, no caller notices."""
    for number in range(5):
        own_door.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'payratchet-ingress'"
        )
        assert own_door.post(charge(number)).json["status"] == "accepted"

    assert own_door.count("inbound_events") == 5


def test_a_killed_valkey_changes_no_answer(own_door: Door, own_stores: Stores) -> None:
    own_stores.valkey.kill()

    answers = [_timed(own_door, number) for number in range(30)]

    assert {answer.json["status"] for answer, _ in answers} == {"accepted"}
    assert max(took_s for _, took_s in answers) < 1.0
    until(lambda: own_door.ask("GET", "/health").json["redis"] == "degraded")
    assert own_door.ask("GET", "/health").status == 200


def test_a_frozen_valkey_changes_no_answer(own_door: Door, own_stores: Stores) -> None:
    os.kill(own_stores.valkey_pid, signal.SIGSTOP)
    try:
        answers = [_timed(own_door, number) for number in range(30)]
    finally:
        os.kill(own_stores.valkey_pid, signal.SIGCONT)

    assert {answer.json["status"] for answer, _ in answers} == {"accepted"}
    assert max(took_s for _, took_s in answers) < 1.0


def test_a_commit_whose_answer_is_lost_is_accepted_and_kept_once(
    database_url: str, redis_url: str
) -> None:
    """The connection breaks after the server has committed and before we hear of it."""
    with losing_answers(database_url) as (url, lose_next), serving(url, redis_url) as door:
        until(lambda: door.ask("GET", "/readyz").status == 200)
        assert door.post(charge(1)).json["status"] == "accepted"

        lose_next.set()
        answer = door.post(charge(2))

        assert not lose_next.is_set()
        real = Door(door.port, database_url)
        assert answer.json["status"] == "accepted"
        assert real.rows("SELECT id FROM inbound_events WHERE reference = 'top-up-2'") == [
            (int(answer.json["event_id"]),)
        ]
        assert real.count("inbound_work") == 2
        assert door.post(charge(2)).json["status"] == "duplicate"
