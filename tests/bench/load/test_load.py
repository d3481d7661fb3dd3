from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.bench.errors import BenchFailed
from tests.bench.load import answer, arrivals, fallback, offer, percentiles, wrk
from tests.bench.load.flood import flood
from tests.bench.load.offer import Offer
from tests.bench.load.stalling import stalling
from tests.bench.load.target import Target
from tests.bench.stage import supply
from tests.bench.stage.supply import Delivery
from tests.ingress.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.load.result import Flood

CONNECTIONS = 16
FORGED_EVERY = 50
BODY = b"{}"
SIGNED = Delivery(BODY, "signed")


class Generator(Protocol):
    def __call__(
        self, target: Target, requests: Path, /, *, for_s: int, connections: int
    ) -> Flood: ...


both_generators = pytest.mark.parametrize(
    "run",
    [
        pytest.param(
            wrk.run,
            id="wrk",
            marks=pytest.mark.skipif(not wrk.is_there(), reason="wrk is not installed"),
        ),
        pytest.param(fallback.run, id="our own"),
    ],
)


def delivery(number: int) -> Delivery:
    genuine = supply.delivery(number)
    return genuine if number % FORGED_EVERY else replace(genuine, signature="0" * 128)


@both_generators
def test_a_flood_sends_each_line_once_and_counts_what_became_of_it(
    run: Generator, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    requests = tmp_path / "requests"
    supply.write(requests, map(delivery, range(1, 20_000)))
    told = {"PAYSTACK_SECRET_KEY": supply.SECRET}
    with serving(database_url, redis_url, environment=told) as door:
        found = run(Target(door.port), requests, for_s=1, connections=CONNECTIONS)
    stored = door.count("inbound_events")
    newest = door.rows("SELECT max(reference) FROM inbound_events")[0][0]

    # What was in the air at the end is stored, and nobody was told.
    assert 0 < found.acknowledged <= stored <= found.acknowledged + CONNECTIONS
    assert found.refused > 0
    assert abs(found.refused - (stored + found.refused) / FORGED_EVERY) <= CONNECTIONS
    assert newest <= supply.reference(stored + found.refused + CONNECTIONS)
    assert found.errors == 0
    assert 0.9 < found.for_s < 3
    assert 0 < found.latency.p50_ms <= found.latency.p99_ms <= found.latency.p999_ms
    with pytest.raises(BenchFailed, match="refused"):
        found.require_all_acknowledged()


@both_generators
def test_a_flood_whose_lines_run_out_is_no_figure(run: Generator, tmp_path: Path) -> None:
    requests = tmp_path / "requests"
    supply.write(requests, [SIGNED] * 100)
    with (
        stalling(body=BODY) as port,
        pytest.raises(BenchFailed, match="ran out"),
    ):
        run(Target(port), requests, for_s=1, connections=4)


def test_a_flood_at_nobody_is_no_figure(tmp_path: Path) -> None:
    requests = tmp_path / "requests"
    supply.write(requests, [SIGNED] * 10)
    with stalling(body=BODY) as port:
        pass
    with pytest.raises(BenchFailed):
        flood(Target(port), requests, for_s=1)


def test_an_open_loop_charges_a_stall_to_all_who_had_to_wait(tmp_path: Path) -> None:
    requests = tmp_path / "requests"
    supply.write(requests, [SIGNED] * 240)
    with stalling(after_s=0.3, for_s=0.4, body=BODY) as port:
        offered = Offer("steady", Target(port), requests, 200, 240, connections=4)
        sent = offer.send([offered], seed=7, out=tmp_path / "sent")
    heard = sent.of("steady")

    assert (heard.acknowledged, heard.others) == (240, 0)
    # Only four requests were in the air while it stalled; a closed loop would have seen no more.
    assert heard.latency.p99_ms >= 300
    assert heard.latency.p50_ms < 100
    assert sent.waited > 20
    assert sum(late_s > 0.1 for late_s in sent.latency_s) > 40


def test_an_open_loop_keeps_its_rate_and_its_sources_apart(tmp_path: Path) -> None:
    requests = tmp_path / "requests"
    supply.write(requests, [SIGNED] * 200)
    with stalling(body=BODY) as port:
        quiet = Offer("quiet", Target(port), requests, 40, 20, connections=4)
        loud = Offer("loud", Target(port), requests, 400, 200, connections=8)
        sent = offer.send([quiet, loud], seed=7, out=tmp_path / "sent")

    assert sent.of("quiet").acknowledged == 20
    assert sent.of("loud").acknowledged == 200
    assert list(sent.intended_s) == sorted(sent.intended_s)
    assert 0.3 < max(sent.intended_s) < 1.2
    assert sent.late.samples + sent.waited == 220


def test_a_request_that_is_lost_is_counted_as_such(tmp_path: Path) -> None:
    requests = tmp_path / "requests"
    supply.write(requests, [SIGNED] * 20)
    with stalling(body=BODY, hangs_up=True) as port:
        offered = Offer("steady", Target(port), requests, 200, 20, connections=2)
        sent = offer.send([offered], seed=7, out=tmp_path / "sent")

    assert (sent.of("steady").acknowledged, sent.of("steady").others) == (0, 20)


def test_a_sender_without_enough_deliveries_does_not_begin(tmp_path: Path) -> None:
    requests = tmp_path / "requests"
    supply.write(requests, [SIGNED] * 5)
    with stalling(body=BODY) as port:
        offered = Offer("steady", Target(port), requests, 100, 6, connections=1)
        with pytest.raises(BenchFailed, match="5 deliveries"):
            offer.send([offered], seed=7, out=tmp_path / "sent")


def test_the_same_seed_gives_the_same_arrivals_at_the_asked_rate() -> None:
    found = arrivals.poisson("7:steady", 500, 5_000)
    assert found == arrivals.poisson("7:steady", 500, 5_000)
    assert found != arrivals.poisson("8:steady", 500, 5_000)
    assert found == sorted(found)
    assert 9 < found[-1] < 11


def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed() -> None:
    found = percentiles.of_seconds(number / 1_000 for number in range(1_000, 0, -1))
    assert (found.p50_ms, found.p99_ms, found.p999_ms, found.samples) == (500, 990, 999, 1_000)


def test_an_answer_is_read_when_all_of_it_is_there() -> None:
    whole = b"HTTP/1.1 503 Busy\r\nContent-Length: 3\r\nx: y\r\n\r\nabc"
    assert [answer.status(whole[:end]) for end in range(len(whole))] == [answer.INCOMPLETE] * len(
        whole
    )
    assert answer.status(whole) == 503
    with pytest.raises(answer.AnswerOdd):
        answer.status(whole + b"d")
    with pytest.raises(answer.AnswerOdd):
        answer.status(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
