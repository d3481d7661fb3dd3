"""The scene of every test here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workers.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    """Return a migrated, empty service whose events nobody applies but the test."""
    made = Scene(database_url)
    yield made
    made.close()
