"""Ask a process of ours whether it is ready, past any proxy of the environment."""

from __future__ import annotations

import contextlib
import http.client

ANSWER_WAIT_S = 2.0


def is_ready(port: int, *, path: str = "/readyz") -> bool:
    """Tell whether `GET` of this path on this port of the loopback answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WAIT_S)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
