"""What fails in us while a request is read is not told to the sender as a fault of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ingress import gate
from ingress.errors import MessageUnreadable
from ingress.protocol import Protocol
from tests.ingress.serving import charge

if TYPE_CHECKING:
    from tests.ingress.serving import Door

CALLBACKS = ("on_message_begin", "on_url", "on_header", "on_body", "on_message_complete")


@pytest.mark.parametrize("callback", [*CALLBACKS, "on_headers_complete"])
def test_a_process_out_of_memory_asks_for_the_delivery_again(
    door: Door, monkeypatch: pytest.MonkeyPatch, callback: str
) -> None:
    """With 400 a provider would give the delivery up for good."""
    with monkeypatch.context() as broken:
        broken.setattr(Protocol, callback, _out_of_memory)
        answer = door.post(charge())

    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert door.count("inbound_events") == 0
    assert door.post(charge()).status == 200


def test_a_head_that_cannot_be_read_for_want_of_memory_is_answered_alike(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(gate, "read", _out_of_memory)
        answer = door.post(charge())

    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["x-request-id"]
    assert door.post(charge()).status == 200


def test_what_a_sender_has_done_wrong_is_still_told_to_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Protocol, "_require_plain", _wrong)
        answer = door.post(charge())

    assert (answer.status, answer.json["code"]) == (400, "request_malformed")


def _out_of_memory(*_: Any) -> None:
    raise MemoryError


def _wrong(*_: Any) -> None:
    raise MessageUnreadable
