"""What comes while everybody is at work is answered together, and nothing of it is forgotten."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from domain.wakeup import IDS_PER_RING_MAX
from tests.workers.scene import wait_until
from workers import gathering
from workers.gathering import Gathering

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_S = 10.0
FATAL = 13


class Worker:
    """Notes each batch, and holds the thread until it may go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.ended = 0
        self.may_go_on = threading.Event()
        self.gathering = Gathering(self.answer, threads=1, end=self.end)

    def answer(self, event_ids: list[int]) -> None:
        self.batches.append(event_ids)
        if event_ids == [FATAL]:
            raise RuntimeError
        assert self.may_go_on.wait(WAIT_S)

    def end(self) -> None:
        self.ended += 1

    def occupied(self) -> None:
        """Give the thread something to do, so that whatever comes next has to wait."""
        self.gathering.put([0])
        wait_until(lambda: self.batches)

    def finish(self) -> list[list[int]]:
        """Let everything be done, and return all batches but the first."""
        self.may_go_on.set()
        wait_until(lambda: not self.gathering.ids_waiting)
        self.gathering.stop()
        self.gathering.join(WAIT_S)
        assert not any(thread.is_alive() for thread in self.gathering.threads)
        return self.batches[1:]


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    made.gathering.start()
    yield made
    made.finish()


def test_rings_that_come_while_all_are_at_work_become_one_batch(worker: Worker) -> None:
    worker.occupied()
    for ring in ([1, 2], [3], [4, 5]):
        worker.gathering.put(ring)

    assert worker.finish() == [[1, 2, 3, 4, 5]]


def test_an_event_that_was_rung_for_twice_is_in_a_batch_once(worker: Worker) -> None:
    worker.occupied()
    worker.gathering.put([1, 2])
    worker.gathering.put([2, 1])

    assert worker.finish() == [[1, 2]]


def test_a_batch_is_never_longer_than_a_message_may_be(worker: Worker) -> None:
    worker.occupied()
    first, second = list(range(1, IDS_PER_RING_MAX)), [1_000, 1_001]
    worker.gathering.put(first)
    worker.gathering.put(second)

    assert worker.finish() == [first, second]


def test_what_must_be_alone_meets_nobody(worker: Worker) -> None:
    worker.occupied()
    worker.gathering.put([1])
    worker.gathering.put([2], alone=True)
    worker.gathering.put([3], alone=True)
    worker.gathering.put([4])

    assert worker.finish() == [[1], [2], [3], [4]]


def test_whoever_brings_too_much_waits_until_there_is_room(worker: Worker) -> None:
    worker.occupied()
    for start in range(0, gathering.IDS_WAITING_MAX, IDS_PER_RING_MAX):
        worker.gathering.put(list(range(start, start + IDS_PER_RING_MAX)))
    late = threading.Thread(target=worker.gathering.put, args=([9_999],), daemon=True)
    late.start()
    late.join(0.1)
    assert late.is_alive()

    worker.may_go_on.set()
    late.join(WAIT_S)
    assert not late.is_alive()
    assert worker.finish()[-1] == [9_999]


def test_at_the_end_the_batch_in_hand_is_finished_and_the_rest_left_to_the_relay(
    worker: Worker,
) -> None:
    worker.occupied()
    for start in range(0, gathering.IDS_WAITING_MAX, IDS_PER_RING_MAX):
        worker.gathering.put(list(range(start, start + IDS_PER_RING_MAX)))
    late = threading.Thread(target=worker.gathering.put, args=([9_999],), daemon=True)
    late.start()

    worker.gathering.stop()
    late.join(WAIT_S)
    worker.gathering.put([1])
    assert not late.is_alive()
    assert worker.finish() == []
    assert worker.ended == 1


def test_a_batch_that_fails_takes_no_thread_with_it(worker: Worker) -> None:
    worker.may_go_on.set()
    worker.gathering.put([FATAL])
    wait_until(lambda: worker.batches)
    worker.gathering.put([1])
    wait_until(lambda: len(worker.batches) > 1)

    assert worker.finish() == [[1]]
