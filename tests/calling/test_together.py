"""One thread does at once what several ask for: nobody is forgotten, and an error is nobody's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.workers.scene import wait_until
from workers.calling import together as module
from workers.calling.together import NoReply, Together

if TYPE_CHECKING:
    from collections.abc import Sequence

JOIN_S = 10.0


def test_who_asks_while_others_are_served_is_served_with_all_who_wait() -> None:
    batches: list[int] = []
    go_on, began = threading.Event(), threading.Event()

    def act(asked: Sequence[int]) -> list[int | None]:
        batches.append(len(asked))
        began.set()
        go_on.wait(JOIN_S)
        return [each * 10 for each in asked]

    thread = Together(act, name="test")
    thread.start()
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(thread.ask, 0)
        assert began.wait(JOIN_S)
        others = [pool.submit(thread.ask, number) for number in range(1, 5)]
        wait_until(lambda: thread.waiting == len(others))
        go_on.set()
        assert [each.result(JOIN_S) for each in (first, *others)] == [0, 10, 20, 30, 40]
    thread.stop()
    thread.join(JOIN_S)

    assert batches == [1, 4]


def test_an_error_tells_all_to_do_it_alone_and_ends_no_thread() -> None:
    ended: list[str] = []

    def act(asked: Sequence[int]) -> list[int | None]:
        return [1 // each for each in asked]

    thread = Together(act, name="test", end=lambda: ended.append("ended"))
    thread.start()

    assert thread.ask(0) is None
    assert thread.ask(1) == 1
    thread.stop()
    thread.join(JOIN_S)
    assert ended == ["ended"]
    assert thread.ask(1) is None, "who asks after the end does it alone"


def test_who_gets_no_reply_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPLY_S_MAX", 0.05)
    go_on = threading.Event()

    def act(asked: Sequence[int]) -> list[int | None]:
        go_on.wait(JOIN_S)
        return list(asked)

    thread = Together(act, name="test")
    thread.start()
    with pytest.raises(NoReply):
        thread.ask(1)
    go_on.set()
    thread.stop()
    thread.join(JOIN_S)
    assert not thread.is_alive()


def test_who_comes_alone_does_not_wait_and_enough_company_does_not_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A pause without end would be seen: nobody would get a reply after the first."""
    monkeypatch.setattr(module, "EVERY_S", 600.0)
    batches: list[list[int]] = []

    def act(asked: Sequence[int]) -> list[int | None]:
        batches.append(sorted(asked))
        return list(asked)

    thread = Together(act, name="test", enough=3)
    thread.start()
    assert thread.ask(0) == 0
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(thread.ask, (1, 2, 3), timeout=JOIN_S)) == [1, 2, 3]
    thread.stop()
    thread.join(JOIN_S)

    assert not thread.is_alive()
    assert batches == [[0], [1, 2, 3]]
