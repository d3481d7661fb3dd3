"""What a remembered caller may is asked of the store before it is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.serving import Service, code, execute, new_client

if TYPE_CHECKING:
    from tests.ingress.serving import Door


@pytest.fixture
def reader(door: Door) -> Service:
    """A client that has just been refused, and so is remembered."""
    key = new_client(door.database_url, "reader", scopes=["payments:read"])
    made = Service(door, "reader", key)
    assert code(made.create()) == (403, "scope_missing")
    return made


def test_a_scope_that_was_given_a_moment_ago_counts_at_once(door: Door, reader: Service) -> None:
    execute(door, "UPDATE api_clients SET scopes = ARRAY['payments:write']")
    assert reader.create().status == 202


def test_a_key_that_was_revoked_is_not_told_what_it_lacked(door: Door, reader: Service) -> None:
    execute(door, "UPDATE api_keys SET revoked_at = now()")
    assert code(reader.create()) == (401, "key_invalid")
