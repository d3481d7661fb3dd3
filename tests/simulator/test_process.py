"""`python3 -m tests.simulator`, as somebody starts it who has never seen its code."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from tests.simulator.calling import merchant

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [sys.executable, "-m", "tests.simulator"]
STOP_S_MAX = 10.0
CALLERS = 4


class Running(NamedTuple):
    """A process that serves."""

    process: subprocess.Popen[str]
    said: dict[str, str]

    @property
    def url(self) -> str:
        return self.said["control"].removesuffix("/control/books")


@contextlib.contextmanager
def running(*options: str) -> Iterator[Running]:
    command = [*COMMAND, "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said: dict[str, str] = {}
        try:
            while "control" not in said:
                line = process.stdout.readline()
                assert line, f"it has ended after it said {said}"
                name, _, rest = line.partition(" ")
                said[name] = rest.strip()
            yield Running(process, said)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S_MAX)
            finally:
                process.kill()


def initialize(http: httpx.Client, url: str, reference: str) -> str:
    body = {"email": "ada@shop.example", "amount": 100, "reference": reference}
    try:
        answer = http.post(f"{url}/paystack/transaction/initialize", json=body)
    except httpx.TransportError:
        return "lost"
    return str(answer.json().get("code", "opened"))


def test_it_says_its_seed_and_its_addresses() -> None:
    with running("--seed", "42") as simulator:
        assert simulator.said["seed"] == "42"
        assert re.fullmatch(
            r"PAYSTACK_API_URL=http://127\.0\.0\.1:\d+/paystack", simulator.said["Paystack"]
        )
        assert simulator.said["Stripe"].endswith("/stripe")


def test_a_seed_that_nobody_chose_is_said_too() -> None:
    with running() as first, running() as second:
        assert first.said["seed"] != second.said["seed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_when_told_to_although_a_call_hangs(number: signal.Signals) -> None:
    with running("--fault", "verify:hang:1:600") as simulator, merchant() as http:
        with pytest.raises(httpx.ReadTimeout):
            http.get(f"{simulator.url}/paystack/transaction/verify/X", timeout=0.2)

        simulator.process.send_signal(number)

        assert simulator.process.wait(STOP_S_MAX) == 0


def test_the_books_are_what_was_done_whatever_the_callers_heard() -> None:
    faults = ("--fault", "initialize:drop_after_effect:0.2", "--fault", "initialize:away:0.2")
    with running("--seed", "3", "--customers", "none", *faults) as simulator:
        url = simulator.url

        def call(number: int) -> list[str]:
            with merchant() as http:
                return [initialize(http, url, f"ORD-{number}-{n}") for n in range(50)]

        with ThreadPoolExecutor(CALLERS) as callers:
            heard = [each for told in callers.map(call, range(CALLERS)) for each in told]
        calls = httpx.get(f"{url}/control/calls").json()["calls"]
        sales = httpx.get(f"{url}/control/books").json()["paystack"]["sales"]

    effects = [call["about"] for call in calls if call["effect"]]
    dropped = [call for call in calls if call["effect"] and call["sent"] == "nothing"]
    away = [call for call in calls if not call["effect"]]
    assert len(calls) == len(heard) == 200
    assert sorted(effects) == sorted(sale["reference"] for sale in sales)
    assert heard.count("opened") + len(dropped) == len(sales)
    assert heard.count("lost") == len(dropped) + len(away)
    assert dropped
    assert away


@pytest.mark.parametrize(
    "options",
    [["--fault", "initialize:sulk:1"], ["--webhooks", "ingress"], ["--lose-webhooks", "2"]],
    ids=str,
)
def test_what_it_cannot_do_it_refuses_before_it_starts(options: list[str]) -> None:
    done = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, timeout=STOP_S_MAX, check=False
    )

    assert done.returncode == 2
    assert "Error: Invalid value" in done.stderr


def test_a_port_that_is_taken_is_named() -> None:
    with running() as simulator:
        port = simulator.url.rpartition(":")[2]
        done = subprocess.run(
            [*COMMAND, "--port", port],
            capture_output=True,
            text=True,
            timeout=STOP_S_MAX,
            check=False,
        )

    assert done.returncode == 1
    assert f"port {port} cannot be used" in done.stderr
