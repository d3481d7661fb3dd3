"""The desk of every test here: a service, a provider of which we know everything, and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.calling.desk import Desk
from tests.calling.provider import Provider
from tests.local import throw_away
from tests.local.stores import Stores
from tests.workers.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.valkey import Valkey


@pytest.fixture
def provider() -> Provider:
    """Return a provider without idempotency keys that cannot cancel."""
    return Provider()


@pytest.fixture
def desk(database_url: str, redis_url: str, provider: Provider) -> Iterator[Desk]:
    """Return a migrated, empty service whose commands nobody performs but the test."""
    made = Desk(database_url, redis_url, provider)
    yield made
    made.close()


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    """Return a service without any provider that could be asked."""
    made = Scene(database_url)
    yield made
    made.close()


@pytest.fixture
def own_valkey(database_url: str) -> Iterator[Valkey]:
    """Return a Valkey of this test alone, to kill."""
    with (
        throw_away.folder() as folder,
        Stores(folder, throw_away=True, database_url=database_url) as stores,
    ):
        yield stores.valkey
