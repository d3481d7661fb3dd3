"""How long a call may take, how often it is repeated, and how many there are at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of calls to one provider account. All times are seconds.

    `connect_s`  to find the host's addresses, then to open a connection to one of them, and again
                 to shake hands on it.
    `read_s`     from one part of an answer to the next.
    `call_s`     for one request and its whole answer. Below the age at which an attempt is
                 presumed dead (30 s), so that nobody takes over while a request is under way.
    `repeats_s`  for all that one question takes, with repeats, pauses and further pages.
    `attempts`   how often a request is sent that has one effect however often it is sent.
    `pause_s`    the longest first pause; it doubles, up to `pause_s_max`, and is random below that.
    """

    connect_s: float = 3.0
    read_s: float = 10.0
    call_s: float = 20.0
    repeats_s: float = 25.0
    attempts: int = 3
    pause_s: float = 0.25
    pause_s_max: float = 2.0


LIMITS = Limits()
