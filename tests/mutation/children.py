"""A child of this process for each mutant: whatever it does to itself is gone when it ends."""

from __future__ import annotations

import math
import os
import pickle
import resource
import select
import signal
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY_BYTES_MAX = 4 * 1024**3
"""Memory of a child: a loop that a mutant made endless may not take all of the machine's."""

CHUNK_BYTES = 65_536

WALL_TIMES = 10
"""How many times as long as a child may take of the processor it may take in all: on a machine that
does ten other things what is slow is not endless."""


def ask(work: Callable[[], Any], *, within_s: float) -> Any:
    """Return what the work returns in a child; None when it takes too long or dies of it.

    `within_s` is of the processor.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _work(work, writing, math.ceil(within_s))
    os.close(writing)
    try:
        told = _read(reading, time.monotonic() + WALL_TIMES * within_s)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return pickle.loads(told) if told else None


def _work(work: Callable[[], Any], writing: int, cpu_s: int) -> None:
    try:
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        _bound(resource.RLIMIT_AS, MEMORY_BYTES_MAX)
        _bound(resource.RLIMIT_CPU, cpu_s)
        with os.fdopen(writing, "wb") as answer:
            pickle.dump(work(), answer)
    finally:
        os._exit(0)


def _bound(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _read(reading: int, until_s: float) -> bytes:
    told = b""
    while (left_s := until_s - time.monotonic()) > 0:
        if not select.select([reading], [], [], left_s)[0]:
            break
        chunk = os.read(reading, CHUNK_BYTES)
        if not chunk:
            return told
        told += chunk
    return b""
