from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.ingress.serving import charge, rest, signature

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.ingress.serving import Door

HEAD = b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
DRIP_S = 0.5


def test_whoever_takes_too_long_is_sent_away_within_ten_seconds(door: Door) -> None:
    """All at once, because each takes the whole time."""
    stories: dict[str, Callable[[socket.socket], None]] = {
        "idle": lambda _: None,
        "blank lines": lambda to: _drip(to, b"\r\n" * 40),
        "slow headers": lambda to: _drip(to, HEAD * 2),
        "slow body": _slow_body,
        "no body": lambda to: to.sendall(HEAD + b"Expect: 100-continue\r\n\r\n"),
    }

    with ThreadPoolExecutor(len(stories)) as pool:
        plays = {name: pool.submit(_play, door, story) for name, story in stories.items()}
        ended = {name: play.result() for name, play in plays.items()}

    assert max(took_s for _, took_s in ended.values()) < 10.0
    for name in ("slow headers", "slow body", "no body"):
        assert b"HTTP/1.1 408 " in ended[name][0], name
        assert b'"request_timeout"' in ended[name][0], name
    assert ended["idle"][0] == b""
    assert door.count("inbound_events") == 0


def test_a_connection_serves_one_request_after_the_other(door: Door) -> None:
    with door.connected() as connection:
        for number in range(3):
            body = charge(number)
            connection.sendall(
                b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
                b"X-Paystack-Signature: %s\r\n\r\n%s" % (len(body), signature(body).encode(), body)
            )
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK")

    assert door.count("inbound_events") == 3


def test_pipelined_requests_are_each_verified(door: Door) -> None:
    good, bad = charge(1), charge(2)
    request = (
        b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
        b"X-Paystack-Signature: %s\r\n%s\r\n%s"
    )
    sent = request % (len(good), signature(good).encode(), b"", good)
    sent += request % (len(bad), signature(good).encode(), b"Connection: close\r\n", bad)

    answers = door.raw(sent)

    assert (answers.count(b"HTTP/1.1 200 "), answers.count(b"HTTP/1.1 401 ")) == (1, 1)
    assert door.count("inbound_events") == 1


def test_a_client_that_asks_first_is_told_to_go_on(door: Door) -> None:
    body = charge()
    with door.connected() as connection:
        connection.sendall(
            b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: %d\r\nX-Paystack-Signature: %s\r\n\r\n"
            % (len(body), signature(body).encode())
        )
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK")


def test_an_answer_leaves_in_one_piece(door: Door) -> None:
    with door.connected() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65_536).endswith(b'{"status":"ok"}')
        connection.sendall(b"HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert rest(connection).endswith(b"\r\n\r\n")


def _play(door: Door, story: Callable[[socket.socket], None]) -> tuple[bytes, float]:
    began_s = time.monotonic()
    with door.connected() as connection, contextlib.suppress(OSError):
        story(connection)
        return rest(connection), time.monotonic() - began_s
    return b"", time.monotonic() - began_s


def _slow_body(to: socket.socket) -> None:
    to.sendall(HEAD + b"\r\n")
    _drip(to, b"x" * 400)


def _drip(to: socket.socket, sent: bytes) -> None:
    """Send byte by byte until all is sent or somebody answers."""
    to.settimeout(DRIP_S)
    for byte in sent:
        to.sendall(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            if to.recv(1, 2) or True:
                break
    to.settimeout(15.0)
