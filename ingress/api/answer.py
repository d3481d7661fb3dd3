"""Answers: what is sent, in bytes, and kept so for whoever asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ingress.api.operation import Reply

_REFUSED = 400


class Answer(NamedTuple):
    """Status, body, and the one header of its own that an answer may have.

    `ring` has ids of commands to ring for; an answer that is given again has none.
    """

    status: int
    body: bytes
    location: str | None = None
    ring: tuple[int, ...] = ()
    is_replay: bool = False

    @property
    def content_type(self) -> bytes:
        """Return what the body is."""
        return b"application/problem+json" if self.status >= _REFUSED else b"application/json"


def of(reply: Reply) -> Answer:
    """Return the reply in bytes."""
    body = reply.body.model_dump_json().encode()
    return Answer(reply.status, body, reply.location, reply.ring)
