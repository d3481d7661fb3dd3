"""Knocking at our own doors over HTTP: one request, one answer, within a reasonable time."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWER_S_MAX = 5.0
"""Longest wait for an answer of one of our processes, to connect included."""

BODY_BYTES_MAX = 65_536
"""Of an answer, so much is read."""

OK = 200


class Answer(NamedTuple):
    """What came back; `said` is its JSON, empty where it is none."""

    status: int
    said: dict[str, Any]


def knock(
    url: str,
    path: str,
    *,
    body: bytes | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> Answer:
    """Send one request, a POST where it has a body. Raises OSError or HTTPException."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_S_MAX)
    try:
        method = "GET" if body is None else "POST"
        target = parts.path.rstrip("/") + path
        connection.request(method, target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, _json(answer.read(BODY_BYTES_MAX)))
    finally:
        connection.close()


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
