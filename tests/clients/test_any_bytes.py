"""Whatever comes back over the wire, a call ends in an answer or in one of its errors."""

from __future__ import annotations

import itertools
import json
import math
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import OutcomeUnknown, ProviderAway, ProviderRefused
from tests.clients import objects
from tests.clients.conftest import QUICK
from tests.clients.scripted import ScriptedProvider, answer_head, says
from workers.clients.breaker import OPEN_S, Breaker
from workers.clients.paystack import PaystackClient
from workers.clients.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

HASTY = replace(QUICK, pause_s=0.001, pause_s_max=0.002)
WHOLE = json.dumps(objects.verified(status="ongoing")).encode()
PROPER = answer_head(200, len(WHOLE)) + WHOLE


@pytest.fixture(scope="module")
def listening() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def client(listening: ScriptedProvider) -> Iterator[PaystackClient]:
    """A client that no failures shut out: at each look at its clock it is much later."""
    breaker = Breaker(map(float, itertools.count(step=math.ceil(OPEN_S) + 1)).__next__)
    transport = Transport(listening.url, (), at_once_max=1, limits=HASTY, breaker=breaker)
    yield PaystackClient(transport)
    transport.close()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A proper answer with a part of it replaced by other bytes."""
    start = draw(st.integers(0, len(PROPER)))
    end = draw(st.integers(start, min(len(PROPER), start + 30)))
    return PROPER[:start] + draw(st.binary(max_size=12)) + PROPER[end:]


@settings(max_examples=150, deadline=None)
@given(raw=st.binary(max_size=80) | damaged())
def test_any_bytes_end_in_an_answer_or_an_error(
    listening: ScriptedProvider, client: PaystackClient, raw: bytes
) -> None:
    listening.plays(says(raw))

    with suppress(ProviderAway, OutcomeUnknown, ProviderRefused):
        assert client.initialize(objects.ASKING, key="k") is not None
    with suppress(ProviderAway, OutcomeUnknown, ProviderRefused):
        assert client.look_up(objects.ASKING).status
