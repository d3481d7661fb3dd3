"""The doctor: a canary through the whole service, and what it says where it cannot pass."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from domain.providers.canary import secret_of, signed_headers
from tests.ingress.serving import serving
from tests.local import ports, service, throw_away
from tests.workers.scene import wait_until
from workers import sweeps
from workers.operations.hops import Hop, HopFailed, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

PEPPER = "a pepper that only the tests of the doctor know"
NAMES = [
    *("settings", "postgres", "schema", "commit", "redis", "web", "accepted", "worker", "relay"),
    "console",
]
MONEY = ("payment_logs", "payment_facts", "ledger_entries", "sms_transactions", "dead_letters")


def told(said: Said) -> dict[str, dict[str, Any]]:
    """Return the hops by name."""
    read = json.loads(said.out)
    assert set(read) == {"ok", "hops"}
    assert [hop["name"] for hop in read["hops"]] == NAMES
    assert all(isinstance(hop["ms"], float) for hop in read["hops"])
    assert read["ok"] is all(hop["ok"] for hop in read["hops"])
    assert all(hop["do"] and hop["error"] for hop in read["hops"] if not hop["ok"])
    return {hop["name"]: hop for hop in read["hops"]}


def failed(hops: dict[str, dict[str, Any]]) -> list[str]:
    return [name for name, hop in hops.items() if not hop["ok"]]


def test_a_canary_passes_the_whole_service_and_touches_no_money(
    database_url: str, redis_url: str, payratchet: Run
) -> None:
    chosen = {"PORT": str(ports.free()), "CONSOLE_PORT": str(ports.free())}
    settings = {**os.environ, **chosen, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    with (
        throw_away.folder() as data,
        service.running(data=data, environment=settings) as running,
        psycopg.connect(database_url, autocommit=True) as connection,
    ):
        known = {**chosen, "REDIS_URL": redis_url}
        signed = {**known, "API_KEY_PEPPER": running.environment["API_KEY_PEPPER"]}
        wait_until(lambda: connection.execute("SELECT 1 FROM overview_samples").fetchone())

        first = payratchet("doctor", "--json", **signed)
        second = payratchet("doctor", "--json", **known)
        shown = payratchet("doctor", **signed)

        counts = [
            connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            for table in MONEY
        ]
        events = connection.execute(
            "SELECT source, reference, mode FROM inbound_events ORDER BY id"
        ).fetchall()

    assert (first.code, failed(told(first))) == (0, [])
    assert "note" not in told(first)["accepted"]
    assert told(first)["schema"]["note"].endswith("; one person may move 50000000")
    assert (second.code, failed(told(second))) == (0, [])
    assert "API_KEY_PEPPER" in told(second)["accepted"]["note"]
    assert shown.code == 0
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    assert counts == [(0,)] * len(MONEY)
    assert events == [("canary", None, None)] * 3


def test_without_a_worker_the_doctor_says_who_is_missing(
    scene: Scene, redis_url: str, payratchet: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.operations.examination.WORKER_S_MAX", 0.2)
    sweeps.take_sample(scene.database)
    with serving(scene.url, redis_url, environment={"API_KEY_PEPPER": PEPPER}) as door:
        said = payratchet(
            *("doctor", "--json", "--console", "http://127.0.0.1:9"),
            REDIS_URL=redis_url,
            PORT=str(door.port),
            API_KEY_PEPPER=PEPPER,
        )
    assert said.code == 1
    assert failed(told(said)) == ["worker", "console"]
    assert "are workers running" in told(said)["worker"]["do"]


def test_another_pepper_is_told_by_its_refusal(
    scene: Scene, redis_url: str, payratchet: Run
) -> None:
    with serving(scene.url, redis_url, environment={"API_KEY_PEPPER": PEPPER}) as door:
        said = payratchet(
            *("doctor", "--json"),
            REDIS_URL=redis_url,
            PORT=str(door.port),
            API_KEY_PEPPER=PEPPER[::-1],
        )
    hops = told(said)
    assert said.code == 1
    assert "another API_KEY_PEPPER" in hops["accepted"]["do"]
    assert hops["worker"]["error"] == "not tried: accepted has failed"
    assert hops["relay"]["error"] == "it was never here"


def test_a_web_without_a_pepper_has_no_canary(scene: Scene, redis_url: str) -> None:
    headers = signed_headers("canary-1", b"{}", at_s=1, secret=secret_of(PEPPER))
    with serving(scene.url, redis_url) as door:
        assert door.post(b"{}", path="/webhooks/canary", headers=headers).status == 404


def test_a_canary_says_nothing_whatever_its_body_holds(scene: Scene) -> None:
    scene.announce("p1")
    claims = b'{"type":"payment.succeeded","data":{"id":"T1","reference":"p1"}}'
    for body in (claims, b"not JSON", b"\xff", b""):
        scene.hear(body, source="canary", reference="p1")

    assert scene.state("p1") == "pending"
    assert scene.letters() == []
    assert scene.credit() == 0
    assert scene.owed() == []


@pytest.mark.parametrize(
    ("away", "hop"),
    [
        ({"DATABASE_URL": "postgresql://127.0.0.1:9/x"}, "postgres"),
        ({"REDIS_URL": "redis://127.0.0.1:9/0"}, "redis"),
    ],
)
def test_a_store_that_is_away_is_exit_code_three(
    payratchet: Run, redis_url: str, away: dict[str, str], hop: str
) -> None:
    environment = {"REDIS_URL": redis_url, "PORT": "9", "CONSOLE_PORT": "9", **away}
    said = payratchet("doctor", "--json", **environment)
    assert said.code == 3
    assert hop in failed(told(said))


def test_settings_that_are_missing_end_it_at_once(payratchet: Run, tmp_path: Any) -> None:
    said = payratchet("doctor", "--json", PORT="seven", PAYRATCHET_DATA=str(tmp_path))
    assert said.code == 1
    assert failed(told(said)) == NAMES
    assert told(said)["settings"]["error"] == "missing or wrong: PORT"


def test_what_needs_a_hop_that_failed_is_not_tried() -> None:
    def fail() -> None:
        raise HopFailed("it is away", "call it back")

    def never() -> None:
        raise AssertionError("it was tried")

    hops = [Hop("a", fail), Hop("b", never, ("a",)), Hop("c", never, ("b",)), Hop("d", lambda: "x")]
    assert [(each.name, each.ok) for each in walk(hops)] == [
        ("a", False),
        ("b", False),
        ("c", False),
        ("d", True),
    ]
