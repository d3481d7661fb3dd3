"""The endpoint: what happens around every operation, in one order for all of them.

Who asks and whether they may; whether the request can be read; whether it was answered before;
whether it comes too often; and only then the one transaction.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import structlog

from domain.errors import Refused
from domain.wakeup import Lane
from ingress import gate, problems
from ingress.api import answer, idempotency, request, transactions
from ingress.api.admission import Admission
from ingress.api.errors import IdempotencyKeyInvalid
from ingress.api.hanging_up import while_connected
from ingress.api.idempotency import Slot
from ingress.api.operation import Call
from ingress.api.pulse import QUEUE_S_MAX
from ingress.api.transactions import Doing
from ingress.errors import MethodNotAllowed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from starlette.types import Receive, Scope, Send

    from ingress.api.admission import Gate
    from ingress.api.answer import Answer
    from ingress.api.callers import Caller
    from ingress.api.changes import Changes
    from ingress.api.cursor import Cursors
    from ingress.api.once import Once
    from ingress.api.operation import Awaiting, Operation, Reply
    from ingress.api.pool import Pool
    from ingress.api.request import Read
    from ingress.body import Bodies
    from ingress.doorbell import Doorbell
    from ingress.problems import Headers

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

OUR_FAULT = 500
"""The first status of those that say nothing about the request."""


class Surroundings(NamedTuple):
    """What all endpoints of one process share."""

    gate: Gate
    pool: Pool
    once: Once
    bodies: Bodies
    doorbell: Doorbell
    changes: Changes
    cursors: Cursors


class Endpoint:
    """All operations under one path, as a plain ASGI application."""

    def __init__(self, operations: Mapping[str, Operation], surroundings: Surroundings) -> None:
        self._operations = operations
        self._allow = ", ".join(sorted(operations)).encode()
        self._all = surroundings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. Raises the Refused that the request deserves."""
        operation = self._operations.get(scope["method"])
        if operation is None:
            raise MethodNotAllowed(self._allow)
        given, headers = await self._answer(operation, scope, receive)
        await problems.answer(send, given.status, given.body, [*_headers(given, scope), *headers])
        self._all.doorbell.ring(Lane.CALLS, given.ring)

    async def _answer(
        self, operation: Operation, scope: Scope, receive: Receive
    ) -> tuple[Answer, Headers]:
        until_s = asyncio.get_running_loop().time() + QUEUE_S_MAX
        key, key_refused = _key(operation, scope)
        admission = Admission(self._all.gate, operation, scope, key, until_s)
        caller = await admission.caller()
        confirm = admission.confirmed if caller.is_remembered else None
        try:
            if key_refused is not None:
                raise key_refused
            read = await self._read(operation, scope, receive)
            call = self._call(caller, scope, read, key)
            slot = _slot(operation, call, scope, read)
            doing = Doing(operation, call, until_s, slot, confirm)
            given, headers = await self._given(doing, caller, receive)
        except Refused as refused:
            if confirm is not None and refused.http_status < OUR_FAULT:
                await confirm()
            raise
        if confirm is not None and given.is_replay:
            await confirm()
        return given, headers

    async def _given(
        self, doing: Doing, caller: Caller, receive: Receive
    ) -> tuple[Answer, Headers]:
        if doing.operation.method == "GET":
            return await self._look(doing, receive), []
        answered = idempotency.given(doing.slot, caller.stored)
        if answered is not None:
            return answered, []
        given, headers = await self._all.once.do(doing)
        _log(given, doing.call)
        return given, headers

    async def _read(self, operation: Operation, scope: Scope, receive: Receive) -> Read:
        if operation.body is None:
            return request.read(operation, scope, b"")
        head = gate.head_of(scope)
        body = await self._all.bodies.read(receive, content_length=head.content_length)
        request.require_json(scope, body)
        return request.read(operation, scope, body)

    def _call(self, caller: Caller, scope: Scope, read: Read, key: UUID | None) -> Call:
        head = gate.head_of(scope)
        return Call(
            client=caller.client,
            path=scope["path_params"],
            query=read.query,
            body=read.body,
            key=key,
            proof=caller.proof,
            request_id=head.request_id,
            traceparent=head.traceparent,
            cursors=self._all.cursors.within(caller.client.id),
        )

    async def _look(self, doing: Doing, receive: Receive) -> Answer:
        """Return what there is, after the wait for a change that the request asks for."""
        reply = await self._read_now(doing, doing.until_s)
        awaiting = _awaiting(doing, reply)
        if awaiting is not None:
            reply = await while_connected(receive, self._changed(doing, awaiting))
        return answer.of(reply)

    async def _changed(self, doing: Doing, awaiting: Awaiting) -> Reply:
        """Return what there is once that is not what was seen, or when the time is over."""
        now_s = asyncio.get_running_loop().time
        until_s = now_s() + awaiting.timeout_s
        while True:
            with self._all.changes.watch(awaiting.reference, doing.call.client.id) as watch:
                reply = await self._read_now(doing)
                now = _awaiting(doing, reply)
                if watch is None or now is None or now.known != awaiting.known:
                    return reply
                if now_s() >= until_s:
                    return reply
                await watch.wait(now.seen, until_s=until_s)

    async def _read_now(self, doing: Doing, until_s: float | None = None) -> Reply:
        return await self._all.pool.use(
            lambda connection: transactions.read(connection, doing), until_s=until_s
        )


def _key(operation: Operation, scope: Scope) -> tuple[UUID | None, IdempotencyKeyInvalid | None]:
    """Return the key, or what is wrong with it: that is told only to those who may ask at all."""
    if operation.method == "GET":
        return None, None
    try:
        return idempotency.key_of(scope["headers"]), None
    except IdempotencyKeyInvalid as refused:
        return None, refused


def _awaiting(doing: Doing, reply: Reply) -> Awaiting | None:
    awaits = doing.operation.awaits
    return None if awaits is None else awaits(doing.call, reply)


def _slot(operation: Operation, call: Call, scope: Scope, read: Read) -> Slot | None:
    if call.key is None:
        return None
    fingerprint = idempotency.fingerprint(operation, scope["path"], read.pairs, read.tree)
    return Slot(call.client.id, operation.method, operation.path, call.key, fingerprint)


def _headers(given: Answer, scope: Scope) -> Headers:
    headers = [
        (b"content-type", given.content_type),
        (b"cache-control", b"no-store"),
        (b"x-request-id", gate.head_of(scope).request_id.encode()),
    ]
    if given.location is not None:
        headers.append((b"location", given.location.encode()))
    if given.is_replay:
        headers.append((b"idempotent-replayed", b"true"))
    return headers


def _log(given: Answer, call: Call) -> None:
    log.info(
        "api.answered",
        request_id=call.request_id,
        actor=call.client.actor,
        status=given.status,
        reference=call.path.get("reference"),
        event_ids=given.ring,
    )
