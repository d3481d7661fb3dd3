"""Fixtures: a door with the account that most tests use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ingress.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingress.serving import Door


@pytest.fixture
def door(database_url: str, redis_url: str) -> Iterator[Door]:
    with serving(database_url, redis_url) as served:
        yield served
