"""The scene of every test here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain import operators
from domain.operators import Role
from tests.operations import people
from tests.workers.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    """Return a migrated, empty service whose events nobody applies but the test."""
    made = Scene(database_url)
    yield made
    made.close()


@pytest.fixture
def second_person(database_url: str) -> str:
    """Return an approver, as the history names them, who has asked for nothing."""
    people.appoint(database_url, "bo", Role.APPROVER)
    return operators.actor_of("bo")
