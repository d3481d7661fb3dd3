"""Posting: what a receiver must be told of a sender's account, and the request on its way."""

from __future__ import annotations

import contextlib
import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.conformance.sender import Request, Sender

ANSWER_S_MAX = 30.0
"""Longest wait for an answer; no provider waits longer."""


def stem_of(name: str) -> str:
    """Return what the variables of a provider begin with."""
    return name.upper().replace("-", "_")


def variables(sender: Sender) -> dict[str, str]:
    """Return the variables by which a receiver knows the sender's account."""
    stem = stem_of(sender.name)
    found = {f"{stem}_WEBHOOK_SECRET": sender.secret.decode()}
    found |= {f"{stem}_{name}": value for name, value in sender.settings.items()}
    if sender.mode is not None:
        found[f"{stem}_MODE"] = sender.mode
    if sender.provider.is_unsigned:
        found[f"{stem}_UNSIGNED"] = "enabled"
    return found


def post(to: str, sender: Sender, request: Request) -> tuple[int, bytes]:
    """Post the request to a receiver, at the path that it is for; return status and body.

    Raises OSError and http.client.HTTPException where there is no answer.
    """
    receiver, signed = urlsplit(to), urlsplit(request.url)
    path = signed.path or f"/webhooks/{sender.name}"
    if signed.query:
        path += f"?{signed.query}"
    headers = {name.decode(): value.decode() for name, value in request.headers}
    kind = http.client.HTTPSConnection if receiver.scheme == "https" else http.client.HTTPConnection
    connection = kind(receiver.hostname or "", receiver.port, timeout=ANSWER_S_MAX)
    with contextlib.closing(connection):
        connection.request("POST", receiver.path.rstrip("/") + path, request.body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
