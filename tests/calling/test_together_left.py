"""Whoever got no reply in time leaves nothing behind that is taken for good."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.commands import CommandKind
from workers.calling import together as module
from workers.calling.batches import Batches
from workers.calling.rooms import Rooms
from workers.calling.together import NoReply, Together
from workers.telling import nobody

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.calling.desk import Desk
    from tests.calling.provider import Provider

JOIN_S = 10.0
ACCOUNT = ("paystack", "default")


def test_a_reply_that_nobody_waits_for_is_dropped_and_one_that_is_taken_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "REPLY_S_MAX", 0.05)
    dropped: list[int] = []
    go_on = threading.Event()

    def act(asked: Sequence[int]) -> list[int | None]:
        if 1 in asked:
            go_on.wait(JOIN_S)
        return list(asked)

    thread = Together(act, name="test", drop=dropped.append)
    thread.start()
    with pytest.raises(NoReply):
        thread.ask(1)
    go_on.set()
    monkeypatch.setattr(module, "REPLY_S_MAX", JOIN_S)
    assert thread.ask(2) == 2
    thread.stop()
    thread.join(JOIN_S)
    assert dropped == [1]


def test_a_call_that_was_begun_too_late_for_its_thread_keeps_no_room_and_no_lock(
    database_url: str, desk: Desk, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REPLY_S_MAX", 0.2)
    rooms = Rooms(1)
    batches = Batches(desk.database, provider, desk.locks, worker="test", tell=nobody, rooms=rooms)
    desk.make_known("p1")
    event_id = desk.order(CommandKind.INITIALIZE)
    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT FROM payment_logs WHERE reference = 'p1' FOR UPDATE")
        for thread in batches.threads:
            thread.start()
        with pytest.raises(NoReply):
            batches.begin(event_id)
    for thread in batches.threads:
        thread.stop()
        thread.join(JOIN_S)

    assert desk.calls() == [(1, "initialize", None)], "it is live: whoever comes later looks it up"
    assert provider.calls == []
    assert desk.redis.keys("{payratchet}:lock:*") == []
    assert rooms.enter(ACCOUNT)
