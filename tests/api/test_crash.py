"""The ingress is killed again and again while services repeat what they asked for."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.api.serving import PEPPER, UNLIMITED, Service, new_client, payment
from tests.ingress.serving import Answer, Door, until
from tests.local import readiness

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
KILLS = 3
SERVICES = 6
PATIENCE_S = 60.0
SEED = 20_260_101


class Mortal:
    """An ingress that is killed and started anew on the same port."""

    def __init__(self, database_url: str, redis_url: str, port: int) -> None:
        self.port = port
        self._environment = os.environ | {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "PORT": str(port),
            "API_KEY_PEPPER": PEPPER,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ingress"],
            cwd=ROOT,
            env=self._environment,
            stderr=subprocess.DEVNULL,
        )
        ends_s = time.monotonic() + PATIENCE_S
        while not readiness.is_ready(self.port):
            assert time.monotonic() < ends_s, "the ingress did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@contextlib.contextmanager
def mortal(database_url: str, redis_url: str, port: int) -> Iterator[Mortal]:
    ingress = Mortal(database_url, redis_url, port)
    ingress.start()
    try:
        yield ingress
    finally:
        ingress.kill()


def insist(service: Service, key: str, number: int, over: threading.Event) -> Answer:
    """Repeat one request until it is answered: what every careful service does."""
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = service.create(key=key, customer_id=f"c-{number}")
            if answer.status == 202:
                return answer
            assert answer.status in (409, 503), answer.body
        assert not over.is_set(), "never answered"
        time.sleep(0.005)


def die_busy(ingress: Mortal, answered: dict[str, bytes], chance: random.Random) -> None:
    """Kill the process while every service waits for it, and start it anew."""
    enough = len(answered) + SERVICES + 1
    until(lambda: len(answered) >= enough, within_s=PATIENCE_S)
    time.sleep(chance.uniform(0, 0.05))
    ingress.kill()
    ingress.start()


def test_however_often_the_process_dies_a_key_makes_exactly_one_payment(
    database_url: str, redis_url: str, unused_port: int
) -> None:
    chance = random.Random(SEED)
    key = new_client(database_url, "shop", initialize=UNLIMITED)
    service = Service(Door(unused_port, database_url), "shop", key)
    answered: dict[str, bytes] = {}
    over, done = threading.Event(), threading.Event()

    def ask_on() -> None:
        number = 0
        while not done.is_set():
            idempotency_key = str(uuid.uuid4())
            answered[idempotency_key] = insist(service, idempotency_key, number, over).body
            number += 1

    with mortal(database_url, redis_url, unused_port) as ingress:
        threads = [threading.Thread(target=ask_on) for _ in range(SERVICES)]
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            die_busy(ingress, answered, chance)
        done.set()
        for thread in threads:
            thread.join(PATIENCE_S)
        over.set()
    with psycopg.connect(database_url) as connection:
        payments = connection.execute("SELECT reference FROM payment_logs").fetchall()
        kept = connection.execute("SELECT key::text, body FROM idempotency_keys").fetchall()
        work = connection.execute("SELECT count(*) FROM inbound_work").fetchone()
    assert dict(kept) == answered
    told = {json.loads(body)["reference"] for body in answered.values()}
    assert {reference for (reference,) in payments} == told
    assert len(payments) == len(answered) == len(told)
    assert work == (len(answered),)
    assert len(answered) > KILLS * SERVICES


def test_a_request_whose_answer_was_lost_is_answered_by_the_next_process_the_same(
    database_url: str, redis_url: str, unused_port: int
) -> None:
    key = new_client(database_url, "shop")
    service = Service(Door(unused_port, database_url), "shop", key)
    idempotency_key = str(uuid.uuid4())
    with mortal(database_url, redis_url, unused_port) as ingress:
        body = json.dumps(payment()).encode()
        with service.door.connected() as connection:
            head = (
                f"POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                f"Idempotency-Key: {idempotency_key}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body)
            ends_s = time.monotonic() + PATIENCE_S
            while not service.door.count("idempotency_keys"):
                assert time.monotonic() < ends_s
            ingress.kill()
        [[stored]] = service.door.rows("SELECT body FROM idempotency_keys")
        ingress.start()
        answer = service.create(key=idempotency_key)
    assert (answer.status, answer.body) == (202, stored)
    assert answer.headers["idempotent-replayed"] == "true"
    assert service.door.count("payment_logs") == 1
