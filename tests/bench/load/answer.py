"""Read an answer: its status, once all of it is there. Nothing else of it is looked at."""

from __future__ import annotations

INCOMPLETE = 0
_LENGTH = b"\r\ncontent-length:"
_STATUS = slice(len(b"HTTP/1.1 "), len(b"HTTP/1.1 200"))
_END = b"\r\n\r\n"


class AnswerOdd(Exception):
    """An answer that says not how long it is, or goes on beyond that."""


def status(data: bytes) -> int:
    """Return the status, or INCOMPLETE while the head or some of the body is missing.

    Raises AnswerOdd for an answer without a length: none of what is measured sends one.
    """
    end = data.find(_END)
    if end < 0:
        return INCOMPLETE
    at = data[:end].lower().find(_LENGTH)
    if at < 0:
        raise AnswerOdd(data[:end].decode("latin-1"))
    stop = data.find(b"\r\n", at + 2)
    missing = end + len(_END) + int(data[at + len(_LENGTH) : stop]) - len(data)
    if missing < 0:
        raise AnswerOdd(data.decode("latin-1"))
    return INCOMPLETE if missing else int(data[_STATUS])
