"""The history keeps what was answered, and notices what no receiver may answer."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from tests.chaos.history import FORGERY, WEBHOOK, History, Outcome, Try
from tests.chaos.seconds import percentile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITERS = 4
TRIES_EACH = 500


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl") as made:
        yield made


def tried(
    intended_s: float,
    latency_s: float = 0.01,
    outcome: Outcome = Outcome.OK,
    *,
    what: str = WEBHOOK,
    late_s: float = 0.0,
    said: str = "accepted 1",
) -> Try:
    status = {Outcome.OK: 200, Outcome.REFUSED: 503, Outcome.UNKNOWN: 0}[outcome]
    ended_s = intended_s + latency_s
    began_s = intended_s + late_s
    return Try(what, "stripe", "front-1", intended_s, began_s, ended_s, outcome, status, said, 7)


def test_latency_counts_from_the_intended_time(history: History) -> None:
    history.note(tried(100.0, 2.0, late_s=1.9))

    assert history.latencies() == pytest.approx([2.0])
    assert history.lateness() == pytest.approx([1.9])


def test_a_time_is_chosen_by_when_a_try_was_meant_to_be(history: History) -> None:
    for intended_s in (99.9, 100.0, 104.9, 105.0):
        history.note(tried(intended_s))
    history.note(tried(101.0, outcome=Outcome.UNKNOWN, said="no answer in time"))

    within = (100.0, 105.0)
    assert len(history.latencies(within)) == 2
    assert len(history.latencies(within, outcome=None)) == 3
    assert history.outcomes(within) == {Outcome.OK: 2, Outcome.REFUSED: 0, Outcome.UNKNOWN: 1}


def test_the_next_200_is_one_that_was_sent_after_the_moment(history: History) -> None:
    history.note(tried(99.0, 1.5))  # on its way at the moment
    history.note(tried(100.2, 0.1, Outcome.REFUSED, said="store_unavailable"))
    history.note(tried(102.0, 0.3))
    history.note(tried(101.9, 0.5))

    assert history.first_ok_s(100.0) == pytest.approx(102.3)
    assert history.first_ok_s(103.0) is None


def test_kinds_do_not_mix(history: History) -> None:
    history.note(tried(100.0))
    history.note(tried(100.0, outcome=Outcome.REFUSED, what=FORGERY, said="signature_invalid"))

    assert history.counts() == {Outcome.OK: 1, Outcome.REFUSED: 0, Outcome.UNKNOWN: 0}
    assert history.said(FORGERY) == {"signature_invalid": 1}
    assert history.statuses() == {200: 1}
    assert history.outcomes(what="never tried") == dict.fromkeys(Outcome, 0)


def test_every_try_is_a_line_on_disk_with_its_times(tmp_path: Path) -> None:
    with History(tmp_path / "history.jsonl") as history:
        history.note(tried(1.0, 0.5, said='a "quoted" word'))
        history.note(tried(2.0, 5.0, Outcome.UNKNOWN, said="no answer in time"))

    lines = [json.loads(line) for line in history.path.read_text().splitlines()]
    assert [line["outcome"] for line in lines] == ["ok", "unknown"]
    assert lines[0]["said"] == 'a "quoted" word'
    assert (lines[0]["intended_ns"], lines[0]["ended_ns"]) == (1_000_000_000, 1_500_000_000)
    assert lines[1]["status"] == 0


def test_a_second_is_told_once_it_is_full(history: History) -> None:
    for number in range(100):
        history.note(tried(10.0, number / 1_000))
    assert history.per_second() == []

    history.note(tried(11.0, 0.5))
    (second,) = history.per_second()
    assert (second.at_s, second.ok, second.tries) == (10, 100, 100)
    assert second.p50_s == pytest.approx(0.05)
    assert second.p99_s == pytest.approx(0.099)


def test_the_same_event_has_one_id_for_ever(history: History) -> None:
    history.acked.add(5, 50, is_duplicate=False)
    history.acked.add(5, 50, is_duplicate=True)
    assert history.acked.violation_count == 0

    history.acked.add(5, 51, is_duplicate=True)
    assert history.acked.violations == ["event 5 was acknowledged as 50 and then as 51"]
    assert history.acked[5] == 50


def test_an_event_is_accepted_once(history: History) -> None:
    history.acked.add(0, 9, is_duplicate=True)  # the answer to the first try was lost
    history.acked.add(0, 9, is_duplicate=False)
    assert history.acked.violation_count == 0

    history.acked.add(0, 9, is_duplicate=False)
    assert history.acked.violations == ["event 0, known as 9, was accepted twice"]


def test_only_what_was_acknowledged_is_told(history: History) -> None:
    history.acked.add(3, 30, is_duplicate=False)
    history.acked.add(1, 10, is_duplicate=False)

    assert dict(history.acked) == {1: 10, 3: 30}
    assert list(history.acked.event_ids()) == [10, 30]
    assert len(history.acked) == 2
    with pytest.raises(KeyError):
        history.acked[2]


def test_threads_do_not_lose_tries(history: History) -> None:
    start = threading.Barrier(WRITERS)

    def write() -> None:
        start.wait()
        for number in range(TRIES_EACH):
            history.note(tried(float(number)))

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert history.tries == WRITERS * TRIES_EACH
    history.close()
    assert len(history.path.read_text().splitlines()) == WRITERS * TRIES_EACH


def test_a_percentile_is_a_value_that_was_there() -> None:
    assert percentile([], 0.99) == 0.0
    assert percentile([1.0], 0.99) == 1.0
    assert percentile([float(n) for n in range(100)], 0.99) == 99.0
