"""A simulator in which nothing happens by itself, and a merchant's server that calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulator.calling import Caller, merchant
from tests.simulator.provider import Provider, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def provider() -> Iterator[Provider]:
    with simulated(seed=7) as running:
        yield running


@pytest.fixture
def caller(provider: Provider) -> Iterator[Caller]:
    with merchant() as http:
        yield Caller(provider, http)
