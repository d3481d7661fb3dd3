from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.routing import Match, Route

from domain.providers import PROVIDERS
from ingress import accounts, webhooks
from ingress.app import create_app
from ingress.settings import Settings
from ingress.shortcut import Shortcut
from tests.ingress.serving import OLD_SECRET, SECRET

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

ACCOUNTS = accounts.read(
    {"PAYSTACK_SECRET_KEY": SECRET, "PAYSTACK__GHANA_TWO_WEBHOOK_SECRET": OLD_SECRET}, PROVIDERS
)


def test_the_paths_of_the_shortcut_are_those_that_the_routes_find() -> None:
    app = create_app(
        Settings(database_url="postgresql://", redis_url="redis://", accounts=ACCOUNTS)
    )
    found = {}
    for path in webhooks.paths(ACCOUNTS):
        scope = {"type": "http", "method": "POST", "path": path}
        matches = [route.matches(scope) for route in app.routes if isinstance(route, Route)]
        found[path] = next(more["path_params"] for match, more in matches if match is Match.FULL)

    assert found == webhooks.paths(ACCOUNTS)
    assert set(found) == {
        "/webhooks/paystack",
        "/webhooks/paystack/default",
        "/webhooks/paystack/ghana-two",
    }


@pytest.mark.parametrize(
    ("scope", "taken"),
    [
        ({"type": "http", "path": "/known"}, "endpoint with {'provider': 'p'}"),
        ({"type": "http", "path": "/known/"}, "app"),
        ({"type": "lifespan"}, "app"),
    ],
)
def test_only_a_known_path_takes_the_shortcut(scope: dict[str, Any], taken: str) -> None:
    went: list[str] = []

    def place(name: str) -> ASGIApp:
        async def arrive(scope: Scope, receive: Receive, send: Send) -> None:
            del receive, send
            went.append(name + (f" with {scope['path_params']}" if name == "endpoint" else ""))

        return arrive

    shortcut = Shortcut(
        place("app"), endpoint=place("endpoint"), paths={"/known": {"provider": "p"}}
    )
    asyncio.run(shortcut(scope, _receive, _send))

    assert went == [taken]


async def _receive() -> dict[str, Any]:
    return {}


async def _send(message: Any) -> None:
    del message
