"""A console of each test's own, and a record with some life in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.serving import serve
from tests.workers.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.console.serving import Served


@pytest.fixture
def console(database_url: str) -> Iterator[Served]:
    with serve(database_url) as served:
        yield served


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    made = Scene(database_url)
    yield made
    made.close()
