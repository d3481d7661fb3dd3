"""Operations: what can be asked of the API, each as a value that is served and described.

An operation is plain: given a connection and a request that is authenticated and valid, it does
its work inside the one transaction it finds itself in, and replies or refuses. Keys, limits,
answers kept for repeats, and the OpenAPI description are made around it, the same for all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from psycopg import AsyncConnection
    from pydantic import BaseModel

    from domain.errors import Refused
    from ingress.api.callers import Proof
    from ingress.api.cursor import Cursors
    from ingress.api.together import Batch

    Row = dict[str, Any]
    Connection = AsyncConnection[Row]
    """Rows are dictionaries; the transaction is begun and ended by others."""

Limit = Literal["initialize", "verify"]


class Client(NamedTuple):
    """Who asks. `scopes` has those that are implied; limits are None where the defaults hold."""

    id: str
    name: str
    scopes: frozenset[str]
    initialize_limit: str | None = None
    verify_limit: str | None = None

    @property
    def actor(self) -> str:
        """Return the client as it stands in histories."""
        return f"client:{self.id}"


class Call(NamedTuple):
    """One authenticated, validated request.

    `path` has the values of the path's placeholders. `query` and `body` are of the models that the
    operation names. `proof` shows whose key it came with. `cursors` writes and reads the positions
    of pages, for this client alone.
    """

    client: Client
    path: Mapping[str, str]
    query: Any
    body: Any
    key: UUID | None
    proof: Proof
    request_id: str
    traceparent: str | None
    cursors: Cursors


class Reply(NamedTuple):
    """What is answered. `ring` has ids of commands to ring for in `Lane.CALLS` after the commit."""

    status: int
    body: BaseModel
    location: str | None = None
    ring: tuple[int, ...] = ()


class Awaiting(NamedTuple):
    """What a reader waits for: that `known` is no more so, or that it is told to wait no more.

    `seen` is how the payment stands, (version, authorization_url): while it does, nobody looks.
    """

    reference: str
    seen: tuple[int, str | None]
    known: tuple[int | None, str | None]
    timeout_s: float


Outcome = Callable[[], Awaitable[Reply | None]]
"""Reads what the statements of an attempt came to; None where that is not what was hoped for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked.

    `scopes`    the client must have one of them.
    `run`       does it, inside one transaction: READ COMMITTED, `lock_timeout` 1 s. It is rolled
                back when `run` raises. A `Decided` (`ingress.api.errors`) is kept under the
                request's key as any answer is; other refusals are not.
    `answers`   status and model of every reply.
    `refusals`  what it refuses with, beside what every operation may be refused for.
    `awaits`    says, of a reply, what to wait for before it is asked for anew; None: nothing.
    `attempt`   sends in one go, before anything is known, the statements that `run` would come to
                if all is as it mostly is. They are rolled back, and `run` begins anew, when its
                outcome is None, when the request's key was taken, and when a constraint objects.
    `batch`     does requests that are as they mostly are together with others, in one statement;
                the rest is done by `attempt` and `run`.
    `tells_location`  its replies say where the payment is to be found.
    `turn`      names what the request locks: those that lock the same wait for their turn here,
                not each with a connection of its own. None: it locks nothing that others do.
    """

    name: str
    method: Literal["GET", "POST"]
    path: str
    summary: str
    scopes: tuple[str, ...]
    run: Callable[[Connection, Call], Awaitable[Reply]]
    answers: Mapping[int, type[BaseModel]]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    refusals: tuple[type[Refused], ...] = field(default=())
    limit: Limit | None = None
    awaits: Callable[[Call, Reply], Awaiting | None] | None = None
    attempt: Callable[[Connection, Call], Awaitable[Outcome]] | None = None
    batch: Batch[Any] | None = None
    turn: Callable[[Call], str | None] | None = None
    tells_location: bool = False
