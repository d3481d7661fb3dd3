"""Streams that never end, or begin too much: bounded, answered, and no burden to anybody else."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest

from tests.ingress.serving import PATIENCE_S, charge, rest, signature

if TYPE_CHECKING:
    from tests.ingress.serving import Door

CHUNKED = b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECE = b"a" * 16_384
PIECES_MAX = 2_000
PIPELINED = 5_000


@pytest.mark.parametrize(
    "beginning",
    [CHUNKED + b"0\r\nA: ", CHUNKED + b"1;", b"GET /livez HTTP/1.1\r\nHost: x\r\nA: "],
    ids=["a trailer", "a chunk extension", "a header"],
)
def test_what_is_no_body_and_never_ends_is_cut_off(door: Door, beginning: bytes) -> None:
    sent = 0
    with door.connected() as connection:
        connection.sendall(beginning)
        with contextlib.suppress(OSError):
            while sent < PIECES_MAX:
                connection.sendall(PIECE)
                sent += 1
                connection.settimeout(0)
                with contextlib.suppress(BlockingIOError):
                    answer = connection.recv(65_536)
                    break
                connection.settimeout(PATIENCE_S)

    assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    assert sent < PIECES_MAX
    assert door.ask("GET", "/livez").status == 200


def test_requests_beyond_measure_on_one_connection_are_refused(door: Door) -> None:
    with door.connected() as connection, contextlib.suppress(OSError):
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * PIPELINED)
        answers = rest(connection)

    assert answers.count(b"HTTP/1.1 200 ") < PIPELINED
    assert b"HTTP/1.1 400 " in answers
    assert door.ask("GET", "/livez").status == 200


@pytest.mark.parametrize(
    "broken",
    [
        b"\x00\x01\x02\r\n\r\n",
        CHUNKED + b"zz\r\n",
    ],
    ids=["no HTTP", "a bad chunk"],
)
def test_what_came_whole_before_a_broken_request_is_answered_before_its_refusal(
    door: Door, broken: bytes
) -> None:
    bodies = [charge(number) for number in range(3)]
    whole = b"".join(
        b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
        b"X-Paystack-Signature: %s\r\n\r\n%s" % (len(body), signature(body).encode(), body)
        for body in bodies
    )

    with door.connected() as connection:
        connection.sendall(whole + broken)
        answers = rest(connection)

    assert re.findall(rb"HTTP/1\.1 (\d{3}) ", answers) == [b"200", b"200", b"200", b"400"]
    assert door.count("inbound_events") == 3


def test_many_small_pipelined_requests_are_not_taken_for_one_large_head(door: Door) -> None:
    requests = []
    for number in range(40):
        body = charge(number)
        requests.append(
            b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
            b"X-Filler: %s\r\nX-Paystack-Signature: %s\r\n\r\n%s"
            % (len(body), b"f" * 2_000, signature(body).encode(), body)
        )
    last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    with door.connected() as connection:
        connection.sendall(b"".join(requests) + last)
        answers = rest(connection)

    assert answers.count(b"HTTP/1.1 200 ") == 41
    assert door.count("inbound_events") == 40


def test_a_refusal_is_readable_while_its_body_is_still_coming(door: Door) -> None:
    size = 5_000_000
    with door.connected() as connection:
        connection.sendall(
            b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % size
        )
        connection.sendall(b"a" * size)
        answer = rest(connection)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"body_too_large"' in answer
