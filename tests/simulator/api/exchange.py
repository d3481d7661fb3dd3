"""One call from request to answer: performed, spoilt where the script says so, and noted."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from tests.simulator.api import paystack_words, stripe_errors, stripe_keys, tampering
from tests.simulator.api.fault import Behaviour, Fault
from tests.simulator.api.journal import Sent
from tests.simulator.api.operation import Asked
from tests.simulator.api.wire import JSON, Wire

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from tests.simulator.api.journal import Call
    from tests.simulator.api.operation import Answer, Operation
    from tests.simulator.api.world import World

_UNAUTHORIZED = {
    "paystack": paystack_words.unauthorized,
    "stripe": stripe_errors.unauthorized,
}
_ERRORS = {"paystack": paystack_words.error, "stripe": stripe_errors.error}
_IN_TRANSIT = frozenset(
    {Behaviour.HANG, Behaviour.SLOW_DRIP, Behaviour.TRUNCATED, Behaviour.HTML, Behaviour.RESET}
)


class Exchange:
    """Answers one operation; an ASGI application."""

    def __init__(self, world: World, operation: Operation) -> None:
        self._world = world
        self._operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        wire = Wire(scope, receive, send)
        try:
            asked = await _asked(Request(scope, receive))
        except ClientDisconnect:  # nothing was asked, and nobody is there to answer
            return
        call = self._noted(asked)
        if not self._is_allowed(asked):
            await self._whole(wire, call, _UNAUTHORIZED[self._operation.provider]())
            return
        fault = self._world.script.draw(self._operation.provider, self._operation.name)
        if fault is not None and fault.behaviour.is_before_effect:
            await self._refuse(wire, call, fault, asked)
            return
        answer = self._perform(asked, call, fault)
        if answer.is_success and fault is None:
            fault = self._world.script.draw_lie(self._operation.provider, self._operation.name)
        call.fault = None if fault is None else str(fault)
        await self._give(wire, call, answer, fault)

    def _noted(self, asked: Asked) -> Call:
        return self._world.journal.note(
            at=self._world.clock.now().timestamp(),
            provider=self._operation.provider,
            operation=self._operation.name,
            method=asked.method,
            path=asked.path,
            key=asked.headers.get("idempotency-key", ""),
        )

    def _is_allowed(self, asked: Asked) -> bool:
        wanted = self._world.rules.key
        return asked.key == wanted if wanted is not None else bool(asked.key)

    def _perform(self, asked: Asked, call: Call, fault: Fault | None) -> Answer:
        answer = self._operation.perform(self._world, asked)
        call.effect = answer.effect
        if fault is not None and fault.behaviour is Behaviour.DUPLICATE:
            answer = self._operation.perform(self._world, asked)
            call.effect = call.effect or answer.effect
        call.about, call.status, call.replayed = answer.about, answer.status, answer.is_replay
        return answer

    async def _refuse(self, wire: Wire, call: Call, fault: Fault, asked: Asked) -> None:
        """Fail before anything was looked at."""
        call.fault = str(fault)
        if fault.behaviour is Behaviour.AWAY:
            await wire.close()
            return
        if fault.behaviour is Behaviour.RESET_BEFORE_EFFECT:
            await wire.reset()
            return
        if fault.behaviour is Behaviour.ERROR_KEPT_BEFORE_EFFECT:
            await self._whole(wire, call, self._broken(asked))
            return
        is_429 = fault.behaviour is Behaviour.REFUSE_429
        status = HTTPStatus.TOO_MANY_REQUESTS if is_429 else HTTPStatus.SERVICE_UNAVAILABLE
        code = "rate_limit" if is_429 else "unavailable"
        answer = _ERRORS[self._operation.provider]("Come back later", code, status)
        answer.headers["retry-after"] = f"{fault.lasts_s:.0f}"
        await self._whole(wire, call, answer)

    def _broken(self, asked: Asked) -> Answer:
        """Fail without having done anything; a key keeps that answer as it keeps any."""
        answer = tampering.broken(_ERRORS[self._operation.provider])
        if self._operation.provider == "stripe":
            stripe_keys.keep(self._world, asked, answer)
        return answer

    async def _give(self, wire: Wire, call: Call, answer: Answer, fault: Fault | None) -> None:
        if fault is None or fault.behaviour is Behaviour.DUPLICATE:
            await self._whole(wire, call, answer)
        elif fault.behaviour is Behaviour.DROP_AFTER_EFFECT:
            await wire.close()
        elif fault.behaviour in _IN_TRANSIT:
            await self._spoil(wire, call, answer, fault)
        else:
            error = _ERRORS[self._operation.provider]
            await self._whole(wire, call, tampering.tampered(answer, fault.behaviour, error))

    async def _spoil(self, wire: Wire, call: Call, answer: Answer, fault: Fault) -> None:
        """Lose an answer on its way; until it has left, its key is in flight."""
        if fault.behaviour is Behaviour.RESET:
            await wire.reset()
        elif fault.behaviour is Behaviour.HTML:
            await self._whole(wire, call, tampering.page(answer), media_type="text/html")
        elif fault.behaviour is Behaviour.TRUNCATED:
            call.sent = Sent.PART
            await wire.truncate(answer)
        else:
            await self._delay(wire, call, answer, fault)

    async def _delay(self, wire: Wire, call: Call, answer: Answer, fault: Fault) -> None:
        kept = answer.kept
        if kept is not None:
            kept.is_in_flight = True
        try:
            if fault.behaviour is Behaviour.HANG:
                await asyncio.sleep(fault.lasts_s)
                if wire.is_heard:
                    await self._whole(wire, call, answer)
            else:
                call.sent = Sent.PART
                if await wire.drip(answer, within_s=fault.lasts_s):
                    call.sent = Sent.ALL
                await wire.close()
        finally:
            if kept is not None:
                kept.is_in_flight = False

    async def _whole(
        self, wire: Wire, call: Call, answer: Answer, *, media_type: str = JSON
    ) -> None:
        # Noted before it is sent: who has the answer may look at the journal at once.
        call.status, call.sent = answer.status, Sent.ALL
        await wire.give(answer, media_type=media_type)


async def _asked(request: Request) -> Asked:
    return Asked(
        request.method,
        request.url.path,
        request.path_params,
        request.query_params.multi_items(),
        request.headers,
        await request.body(),
        str(request.base_url).rstrip("/"),
    )
