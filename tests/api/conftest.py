"""Fixtures: an API, and two services that use it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.api.books import opened
from tests.api.serving import UNLIMITED, Service, api_serving, new_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.books import Books
    from tests.ingress.serving import Door


@pytest.fixture
def door(database_url: str, redis_url: str) -> Iterator[Door]:
    with api_serving(database_url, redis_url) as served:
        yield served


@pytest.fixture
def shop(door: Door) -> Service:
    """A client that is limited by nothing to speak of."""
    key = new_client(door.database_url, "shop", initialize=UNLIMITED, verify=UNLIMITED)
    return Service(door, "shop", key)


@pytest.fixture
def other(door: Door) -> Service:
    """A client with the default limits."""
    return Service(door, "other", new_client(door.database_url, "other"))


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    """The record that the API writes to, with payments of `shop` that have been paid."""
    with opened(database_url) as found:
        yield found


@pytest.fixture
def unused_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
