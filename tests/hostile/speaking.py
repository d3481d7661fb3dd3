"""Speaking: an input on a connection and from an address of its own, and all that comes back."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from typing import NamedTuple

PATIENCE_S = 8.0
"""Seconds for an answer to come and the connection to end."""

ADDRESSES_PER_BLOCK = 250

SENTINEL = (
    b"GET /the-end HTTP/1.1\r\nHost: pay.example\r\nConnection: close\r\n"
    b"X-Request-Id: the-end-of-the-input\r\n\r\n"
)
"""Follows every input on its connection. Whatever the input was taken for, this is another request
or is read by nobody: two parties that disagree about where a request ends are found out by it."""

THE_END = b'"request_id":"the-end-of-the-input"'
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})[^\r\n]*\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Answer(NamedTuple):
    """One answer; `body` is empty for what was cut off."""

    status: int
    head: bytes
    body: bytes

    @property
    def header_names(self) -> set[bytes]:
        """The names of its headers, in lower case."""
        return {line.partition(b":")[0].lower() for line in self.head.split(b"\r\n")[1:] if line}


class Spoken(NamedTuple):
    """What came of an input: the answers to it, and whether the connection ended in time."""

    answers: tuple[Answer, ...]
    ended: bool
    said: bytes
    took_s: float


def speak(port: int, sent: bytes, *, number: int) -> Spoken:
    """Send the input and the sentinel; return the answers but the sentinel's.

    The address it comes from is one of the loopback's own, by its number: what one input is
    refused for is not held against the next.
    """
    began_s = time.monotonic()
    source = f"127.1.{number // ADDRESSES_PER_BLOCK}.{number % ADDRESSES_PER_BLOCK + 1}"
    with socket.create_connection(
        ("127.0.0.1", port), timeout=PATIENCE_S, source_address=(source, 0)
    ) as connection:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(sent + SENTINEL)
        said, ended = _all(connection)
    answers = split(said)
    if answers and THE_END in answers[-1].body:
        answers = answers[:-1]
    return Spoken(tuple(answers), ended, said, time.monotonic() - began_s)


def split(said: bytes) -> list[Answer]:
    """Part what was said into answers; interim ones are none. HEAD is asked for on its own."""
    answers: list[Answer] = []
    while found := _STATUS.match(said):
        head, _, rest = said.partition(b"\r\n\r\n")
        status = int(found[1])
        if status < 200:
            said = rest
            continue
        length = _LENGTH.search(head + b"\r\n")
        size = int(length[1]) if length else 0
        if _STATUS.match(rest):  # the answer to a HEAD: a length, and nothing of it
            size = 0
        answers.append(Answer(status, head, rest[:size]))
        said = rest[size:]
    if said:
        answers.append(Answer(0, said, b""))
    return answers


def _all(connection: socket.socket) -> tuple[bytes, bool]:
    """Read until the other side ends; a reset is an end, silence is none."""
    parts: list[bytes] = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    except TimeoutError:
        return b"".join(parts), False
    return b"".join(parts), True
