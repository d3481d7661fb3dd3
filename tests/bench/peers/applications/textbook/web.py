"""The endpoint: verify, store once, commit, enqueue, answer."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from sqlalchemy.dialects.postgresql import insert

from textbook.database import Session
from textbook.models import WebhookEvent
from textbook.settings import PAYSTACK_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable


async def raw_body(request: Request) -> bytes:
    return await request.body()


def verified(
    body: Annotated[bytes, Depends(raw_body)],
    x_paystack_signature: Annotated[str, Header()] = "",
) -> bytes:
    expected = hmac.new(PAYSTACK_SECRET, body, hashlib.sha512).hexdigest()
    if not hmac.compare_digest(expected.encode(), x_paystack_signature.encode()):
        raise HTTPException(401, "signature invalid")
    return body


def store(body: bytes) -> int | None:
    """Return the id of the new row, or None if the event is there already."""
    payload = json.loads(body)
    statement = (
        insert(WebhookEvent)
        .values(
            event_key=f"{payload['event']}:{payload['data']['id']}",
            type=payload["event"],
            payload=payload,
        )
        .on_conflict_do_nothing(index_elements=[WebhookEvent.event_key])
        .returning(WebhookEvent.id)
    )
    with Session.begin() as session:
        return session.scalar(statement)


def create(enqueue: Callable[[int], object]) -> FastAPI:
    """Return the application; `enqueue` tells a worker about the id of a stored event."""
    app = FastAPI(openapi_url=None)

    # A plain function, not a coroutine: SQLAlchemy's session and the queue's client both block, so
    # FastAPI runs it in its pool of threads.
    @app.post("/webhooks/paystack")
    def paystack(body: Annotated[bytes, Depends(verified)]) -> dict[str, str]:
        event_id = store(body)
        if event_id is None:
            return {"status": "duplicate"}
        enqueue(event_id)
        return {"status": "accepted"}

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        return {"status": "ok"}

    return app
