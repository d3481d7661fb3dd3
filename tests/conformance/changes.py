"""Changes: the ways in which a good request is spoiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.outcomes import is_let_in, refused, refused_or_harmless, turned_away
from tests.conformance.sender import Request

if TYPE_CHECKING:
    from tests.conformance.sender import Change, Sender


def wrong_code(sender: Sender, change: Change) -> None:
    """Demand that a request with a changed code is refused as wrong.

    Of a code in a body the change may leave no body that can be read, and so no code.
    """
    (turned_away if sender.has_code_in_body else refused)(sender, sender.with_code(change))


def changed(sender: Sender, body: bytes) -> None:
    """Demand of a good request's changed body what the sender declares of its signature."""
    refused_or_harmless(sender, sender.request().with_body(body))


def without(request: Request, left_out: int) -> Request:
    headers = [each for n, each in enumerate(request.headers) if n != left_out]
    return Request(headers, request.body, request.url)


def posted(sender: Sender, body: bytes) -> Request:
    """Return the body signed as a whole, or, where that is not done, changed on its way."""
    good = sender.request()
    return sender.request(body) if sender.covers_every_byte else good.with_body(body)


def needed_headers(sender: Sender) -> list[int]:
    """Return the places of the headers without which nothing is let in."""
    good = sender.request()
    return [n for n in range(len(good.headers)) if not is_let_in(sender, without(good, n))]
