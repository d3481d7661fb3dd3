"""Stripe's idempotency keys: https://docs.stripe.com/api/idempotent_requests.

The first answer to a key is kept for a day, errors included, and given again to the byte; a
request that was refused before it began keeps nothing, and another request under the same key is
an error.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.simulator.api.operation import Answer, Kept
from tests.simulator.api.stripe_errors import Refused
from tests.simulator.api.stripe_forms import form_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.api.operation import Asked
    from tests.simulator.api.world import World

    Perform = Callable[[World, Asked], Answer]

KEYS_LIVE_S = 24 * 3600
KEY_LENGTH_MAX = 255


def keyed(perform: Perform) -> Perform:
    """Have requests with a key performed once."""

    def performed(world: World, asked: Asked) -> Answer:
        key = asked.headers.get("idempotency-key")
        try:
            if key and asked.method == "POST":
                return _once(world, asked, key, perform)
            return perform(world, asked)
        except Refused as refused:
            return refused.answer()

    return performed


def keep(world: World, asked: Asked, answer: Answer) -> None:
    """Have a key keep an answer though nothing was performed, where the request has a key."""
    key = asked.headers.get("idempotency-key")
    if key and asked.method == "POST":
        at_s = world.clock.now().timestamp()
        kept = Kept(_fingerprint(asked), at_s, answer.status, answer.body, answer.about)
        world.kept[asked.key, key] = kept


def _once(world: World, asked: Asked, key: str, perform: Perform) -> Answer:
    if len(key) > KEY_LENGTH_MAX:
        raise Refused("The idempotency key is too long.", None, kind="idempotency_error")
    name, fingerprint = (asked.key, key), _fingerprint(asked)
    now_s = world.clock.now().timestamp()
    kept = world.kept.get(name)
    if kept is not None and now_s < kept.at_s + KEYS_LIVE_S:
        return _again(kept, key, fingerprint)
    answer = _performed(world, asked, perform)
    # A request that is invalid in itself has not begun, and its key may be used for a better one.
    if answer.effect or answer.status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
        answer.kept = Kept(fingerprint, now_s, answer.status, answer.body, answer.about)
        world.kept[name] = answer.kept
    return answer


def _performed(world: World, asked: Asked, perform: Perform) -> Answer:
    try:
        return perform(world, asked)
    except Refused as refused:
        return refused.answer()


def _again(kept: Kept, key: str, fingerprint: str) -> Answer:
    if kept.fingerprint != fingerprint:
        raise Refused(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            None,
            kind="idempotency_error",
        )
    if kept.is_in_flight:
        raise Refused(
            f"There is currently another in-progress request using the idempotency key '{key}'.",
            None,
            code="idempotency_key_in_use",
            status=HTTPStatus.CONFLICT,
        )
    headers = {"idempotent-replayed": "true"}
    return Answer(kept.status, kept.body, about=kept.about, headers=headers, is_replay=True)


def _fingerprint(asked: Asked) -> str:
    said = repr((asked.method, asked.path, sorted(form_of(asked).pairs)))
    return hashlib.sha256(said.encode()).hexdigest()
