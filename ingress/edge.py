"""The edge: every request passes the gate, every refusal becomes a problem document.

Any input ends in an answer that the contract names, never in a 500.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Refused
from ingress import gate, problems, unforeseen
from ingress.errors import ClientGone, NotFound, Unforeseen

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ingress.refusals import Refusals

RECORDED_ELSEWHERE = frozenset(
    {"signature_missing", "signature_invalid", "signature_expired", "rate_limited"}
)
"""Codes of which the endpoint itself has logged more than can be known here."""


class Edge:
    """Middleware, the only one of ours."""

    def __init__(self, app: ASGIApp, refusals: Refusals) -> None:
        self._app = app
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a decent request on; answer in the place of whoever refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._admit(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last resort
            await _own_up(send, error, scope)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = scope[gate.HEAD] = gate.read(scope)
        try:
            gate.require_decent(scope, head)
            await self._app(scope, receive, send)
        except Refused as error:
            await self._refuse(send, error, head)
        except ClientGone:
            self._refusals.say(code="client_gone", request_id=head.request_id)

    async def _refuse(self, send: Send, error: Refused, head: gate.Head) -> None:
        if error.code not in RECORDED_ELSEWHERE:
            self._refusals.say(
                code=error.code, status=error.http_status, request_id=head.request_id
            )
        await problems.refuse(send, error, head.request_id)


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse every path that is not ours."""
    del scope, receive, send
    raise NotFound


async def _own_up(send: Send, error: Exception, scope: Scope) -> None:
    """Answer that it was not the sender's fault; say where it happened, answered or not."""
    head: gate.Head | None = scope.get(gate.HEAD)
    request_id = gate.new_request_id() if head is None else head.request_id
    try:
        await problems.refuse(send, Unforeseen("try again later"), request_id)
    finally:
        unforeseen.log_failure(error, request_id=request_id)
