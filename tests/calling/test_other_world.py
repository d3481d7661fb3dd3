"""A key of the live world knows nothing of payments of the test world, and proves nothing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from domain.commands import CommandKind
from tests.clients import objects
from tests.clients.scripted import ScriptedProvider, answer
from tests.simulator.provider import simulated
from workers.clients.registry import Clients
from workers.settings import CallSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.calling.desk import Desk


@contextlib.contextmanager
def asked_at(desk: Desk, url: str, secret_key: str) -> Iterator[None]:
    accounts = {("paystack", "default"): SecretStr(secret_key)}
    with Clients(CallSettings(paystack_api_url=url, accounts=accounts)) as clients:
        desk.over_http = clients
        yield
    desk.over_http = None


@pytest.mark.parametrize("kind", [CommandKind.INITIALIZE, CommandKind.VERIFY])
def test_a_payment_in_doubt_is_neither_failed_nor_started_anew_by_a_key_of_the_other_world(
    desk: Desk, kind: CommandKind
) -> None:
    desk.make_known("p1", "p2")
    with simulated(seed=7) as there, asked_at(desk, there.url_paystack, "sk_test_x"):
        desk.do(CommandKind.INITIALIZE, "p1")
        there.set_faults("initialize:drop_after_effect:1.0")
        in_doubt = desk.order(CommandKind.INITIALIZE, "p2")
        desk.perform(in_doubt)
    desk.age_calls(130)
    desk.execute("UPDATE inbound_work SET next_at = now()")
    if kind is CommandKind.VERIFY:  # the other command was set aside and discarded
        desk.execute("DELETE FROM inbound_work WHERE event_id = %s", [in_doubt])

    with ScriptedProvider() as other, asked_at(desk, other.url, "sk_live_x"):
        other.plays(answer(404, objects.refused("No", "transaction_not_found")))
        event_id = desk.order(kind, "p2", number="1") if kind is CommandKind.VERIFY else in_doubt
        desk.perform(event_id)

    assert [heard.method for heard in other.heard] == ["GET"]
    assert desk.state("p2") == "processing"
    assert desk.letters() == [(event_id, "mode_mismatch", "open")]
    assert desk.problems() == []
