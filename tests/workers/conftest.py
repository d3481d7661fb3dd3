"""The scene of every test here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local import throw_away
from tests.local.stores import Stores
from tests.workers.scene import Scene, capture
from workers.store import api_clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.valkey import Valkey


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    """Return a migrated, empty service whose events nobody applies but the test."""
    made = Scene(database_url)
    yield made
    made.close()


@pytest.fixture
def own_valkey(database_url: str) -> Iterator[Valkey]:
    """Return a Valkey of this test alone, to pause, kill and start again."""
    with (
        throw_away.folder() as folder,
        Stores(folder, throw_away=True, database_url=database_url) as stores,
    ):
        yield stores.valkey


@pytest.fixture
def lived(scene: Scene) -> Scene:
    """A scene with at least one row in every table that is append-only."""
    scene.announce("p1")
    scene.hear(capture("p1"), capture("p2"))
    act = api_clients.Act("operator:test", "a test")
    client = api_clients.Client("cl_1", "shop", ["payments:read"], None, None, None)
    with scene.database.transaction() as tx:
        api_clients.create(tx, client, act)
    return scene
