"""The door: the ingress in the process that plays, asked without a socket between."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.providers import PROVIDERS
from ingress import accounts
from ingress.app import create_app
from ingress.settings import Settings
from tests.api.serving import PEPPER, UNLIMITED, new_client
from tests.crash.seams import awaited
from tests.ingress.serving import SECRET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.crash.world import World

OPEN_S_MAX = 20.0
LOOK_S = 0.02
STILL_LOOKS = 3
"""How often the same connections have to be seen until nobody opens another."""

SET_UP = (
    "ingress.store.",
    "ingress.api.pool.Pool._configure:",
    "ingress.known_keys.",
    "ingress.health.",
)
"""What sets up connections, whenever one is wanted: crashed at where that is all there is."""

_CONNECTIONS = """
    SELECT array_agg(pid ORDER BY pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'payratchet%%'
"""


class Asked(NamedTuple):
    """A request, and the name under which its answer is known outside.

    Without a `key` only what kind of answer came is known of it: a request that is repeated is told
    that it was made before.
    """

    name: str
    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    key: str | None = None


class Door:
    """An ingress. What it starts with is done when it `is_warm`; else its start is crashed too."""

    def __init__(self, world: World, *, is_warm: bool = True) -> None:
        self._world = world
        settings = Settings(
            database_url=world.url,
            redis_url=world.redis_url,
            accounts=accounts.read({"PAYSTACK_SECRET_KEY": SECRET}, PROVIDERS),
            payratchet_allow_unsafe_store=True,
            api_key_pepper=PEPPER,
        )
        self._app = create_app(settings)
        self._loop = asyncio.new_event_loop()
        self._lifespan = self._app.router.lifespan_context(self._app)
        if is_warm:
            world.points.left_out = SET_UP
        is_on, world.points.is_on = world.points.is_on, world.points.is_on and not is_warm
        self._state = self._loop.run_until_complete(self._lifespan.__aenter__())
        self._wait_until_open()
        world.points.is_on = is_on

    def ask(self, *asked: Asked) -> None:
        """Ask for all of it at once, but for what has been answered already."""
        left = [each for each in asked if each.name not in self._world.answers]
        self._loop.run_until_complete(self._all(left))

    def close(self) -> None:
        """Stop as a process does that is told to."""
        self._loop.run_until_complete(self._lifespan.__aexit__(None, None, None))

    async def _all(self, asked: Sequence[Asked]) -> None:
        await asyncio.gather(*(self._one(each) for each in asked))

    async def _one(self, asked: Asked) -> None:
        body: list[bytes] = [asked.body]
        said: dict[str, Any] = {"body": b""}

        async def receive() -> dict[str, Any]:
            if body:
                return {"type": "http.request", "body": body.pop(), "more_body": False}
            await asyncio.Event().wait()
            raise AssertionError("nobody hangs up")

        async def send(message: Any) -> None:
            said["status"] = message.get("status", said.get("status"))
            said["body"] += message.get("body", b"")
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._world.told(asked.name, _heard(asked, said["status"], said["body"]))

        sending = awaited(self._world.points, send, "answer")
        await self._app(self._scope(asked), receive, sending)

    def _scope(self, asked: Asked) -> dict[str, Any]:
        path, _, query = asked.path.partition("?")
        given = [("host", "127.0.0.1"), ("content-length", str(len(asked.body))), *asked.headers]
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": asked.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in given],
            "client": ("127.0.0.1", 40_000),
            "server": ("127.0.0.1", 8_000),
            "state": dict(self._state or {}),
        }

    def _wait_until_open(self) -> None:
        """Wait until everybody has their connection."""
        ends_s, seen, still = time.monotonic() + OPEN_S_MAX, None, 0
        while still < STILL_LOOKS:
            assert time.monotonic() < ends_s, "the ingress does not come up"
            self._loop.run_until_complete(asyncio.sleep(LOOK_S))
            found = self._world.desk.value(_CONNECTIONS)
            still = still + 1 if found == seen and found else 0
            seen = found


def _heard(asked: Asked, status: int, body: bytes) -> dict[str, Any]:
    if asked.key is None:
        return {"class": status // 100}
    return {"key": asked.key, "status": status, "body": body.decode()}


def webhook(name: str, data: dict[str, Any], event: str = "charge.success") -> Asked:
    """Return a delivery of Paystack."""
    body = json.dumps({"event": event, "data": data}).encode()
    signature = hmac.new(SECRET.encode(), body, "sha512").hexdigest()
    return Asked(name, "POST", "/webhooks/paystack", body, (("x-paystack-signature", signature),))


def client(world: World, name: str = "shop") -> None:
    """Make a client of the API, whose key is kept where its story finds it."""
    key = new_client(world.url, name, initialize=UNLIMITED, verify=UNLIMITED)
    (world.folder / f"key of {name}").write_text(key)


def api(
    world: World, name: str, path: str, body: dict[str, Any], *, key: str | None = None
) -> Asked:
    """Return a request of the client, under an idempotency key if there is one."""
    secret = (world.folder / "key of shop").read_text()
    headers = [("authorization", f"Bearer {secret}"), ("content-type", "application/json")]
    if key is not None:
        headers.append(("idempotency-key", key))
    return Asked(name, "POST", path, json.dumps(body).encode(), tuple(headers), key)
