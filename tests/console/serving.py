"""The console over real HTTP, and people in front of it."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import httpx
import psycopg
import uvicorn

from domain import operators
from domain.operators import Role
from tests.operations.people import token_of
from tests.workers.scene import wait_until
from workers.console.app import make_app
from workers.console.protocol import HEAD_BYTES_MAX, Protocol
from workers.console.seals import Seals
from workers.console.sessions import Sessions
from workers.database import Database
from workers.operations import passwords
from workers.settings import ConsoleSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WAIT_S = 60.0
SECRET = "a secret of tests, which is long enough"
PASSWORD = "correct horse battery staple"
COOKIE = "payratchet_session"


class Clock:
    """The time by which the console goes; a test moves it on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **span: float) -> None:
        self.ahead += timedelta(**span)


class Visitor:
    """A browser as far as cookies, forms and the headers that pages cannot set go."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        cookies = {} if token is None else {COOKIE: token}
        self.http = httpx.Client(base_url=url, cookies=cookies, timeout=WAIT_S)
        self.url = url
        self.token = token

    def get(self, path: str, **how: str) -> httpx.Response:
        return self.http.get(path, headers=how)

    def send(
        self,
        path: str,
        form: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **fields: str,
    ) -> httpx.Response:
        """Send a form as a page of the console would, with the session's token."""
        own = {} if self.token is None else {"csrf": Seals(SECRET).of_form(self.token)}
        said = {"origin": self.url, "sec-fetch-site": "same-origin", **(headers or {})}
        return self.http.post(path, data={**own, **(form or {}), **fields}, headers=said)


class Served(NamedTuple):
    """A console that runs."""

    url: str
    database: Database
    database_url: str
    clock: Clock
    until: contextlib.ExitStack

    def visitor(self, *, token: str | None = None) -> Visitor:
        made = Visitor(self.url, token=token)
        self.until.callback(made.http.close)
        return made

    def appoint(self, name: str, role: Role = Role.OPERATOR) -> None:
        """Make an operator whose password is PASSWORD, unless there is one of this name."""
        token_hash = operators.token_hash(token_of(name))
        with psycopg.connect(self.database_url) as connection:
            connection.execute(
                "INSERT INTO operators (name, role, token_hash, password_hash, created_by)"
                " VALUES (%s, %s, %s, %s, 'administrator:test') ON CONFLICT DO NOTHING",
                (name, role, token_hash, password_hash()),
            )

    def signed_in(self, name: str, role: Role = Role.OPERATOR) -> Visitor:
        """Return a visitor with a session, which no password was typed for."""
        self.appoint(name, role)
        with self.database.transaction() as tx:
            sessions = Sessions(Seals(SECRET))
            token = sessions.begin(tx, name, address="127.0.0.1", now=self.clock())
        return self.visitor(token=token)


@functools.cache
def password_hash() -> str:
    """Return the hash of PASSWORD, made once: it takes its time."""
    return passwords.hashed(PASSWORD)


@contextlib.contextmanager
def serve(
    database_url: str, *, protocol: type[Protocol] = Protocol, **settings: str
) -> Iterator[Served]:
    """Serve the console as `python -m workers.console` does, but for the process."""
    told = ConsoleSettings.model_validate(
        {
            "database_url": database_url,
            "redis_url": "redis://127.0.0.1:1/0",
            "session_secret": SECRET,
            **settings,
        }
    )
    clock, theirs, ours = Clock(), Database(database_url, name="console"), None
    with contextlib.ExitStack() as until, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(
                make_app(theirs, told, clock=clock),
                http=protocol,
                h11_max_incomplete_event_size=HEAD_BYTES_MAX,
                ws="none",
                lifespan="on",
                proxy_headers=False,
                log_config=None,
                access_log=False,
                server_header=False,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            ours = Database(database_url, name="test")
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            yield Served(url, ours, database_url, clock, until)
        finally:
            server.should_exit = True
            thread.join()
            if ours is not None:
                ours.close()
