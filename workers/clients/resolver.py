"""The addresses of a host, within a limit of time.

The system's resolver keeps time by itself, 5 s for each server and try of its own, and cannot be
stopped. So a thread asks it, one for each name at most, and whoever calls waits no longer than the
call may take.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpcore

if TYPE_CHECKING:
    from collections.abc import Callable

    Addresses = tuple[str, ...]
    Ask = Callable[[str, int], Addresses]

ADDRESSES_MAX = 4
"""Addresses of a host that are tried; each has the time of one connection."""

FRESH_S = 30.0
"""Seconds for which addresses are used without asking again."""

KEPT_S = 3600.0
"""Seconds for which they are used where asking fails or takes long. They may be another's by then,
whom TLS finds out: the certificate is checked against the host's name."""

REFRESH_S_MAX = 0.5
"""Seconds that a call waits for newer addresses than those it has."""


def ask_system(host: str, port: int) -> Addresses:
    """Return the host's addresses in the resolver's order. Raises OSError and ValueError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))[:ADDRESSES_MAX]


@dataclass(slots=True)
class _Known:
    addresses: Addresses
    fresh_until_s: float
    kept_until_s: float


class Resolver:
    """Finds addresses and remembers those that it has found. Shared by threads."""

    def __init__(self, ask: Ask = ask_system, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, int], _Known] = {}
        self._asked: dict[tuple[str, int], Future[Addresses]] = {}

    def find(self, host: str, port: int, *, within_s: float) -> Addresses:
        """Return the host's addresses, at least one, after `within_s` at the latest.

        Raises httpcore.ConnectTimeout or httpcore.ConnectError where there are none by then.
        """
        if _is_address(host):
            return (host,)
        name = (host, port)
        with self._lock:
            known, now_s = self._known.get(name), self._clock()
            if known is not None and now_s < known.fresh_until_s:
                return known.addresses
            asked = self._asked.get(name) or self._begin(name)
        is_kept = known is not None and now_s < known.kept_until_s
        try:
            return asked.result(min(within_s, REFRESH_S_MAX) if is_kept else within_s)
        except TimeoutError:
            failed: Exception = httpcore.ConnectTimeout("the host is not resolved in time")
        except (OSError, ValueError, RuntimeError):
            failed = httpcore.ConnectError("the host cannot be resolved")
        if known is not None and is_kept:
            return known.addresses
        raise failed

    def distrust(self, host: str, port: int) -> None:
        """Ask again next time: nobody has answered at any of the host's addresses."""
        with self._lock:
            if (known := self._known.get((host, port))) is not None:
                known.fresh_until_s = self._clock()

    def _begin(self, name: tuple[str, int]) -> Future[Addresses]:
        """Have a thread ask. It may outlive the call, and then serves the next one."""
        asked: Future[Addresses] = Future()
        thread = threading.Thread(
            target=self._answer, args=(name, asked), name="resolver", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # the system gives no more threads
            asked.set_exception(error)
        else:
            self._asked[name] = asked
        return asked

    def _answer(self, name: tuple[str, int], asked: Future[Addresses]) -> None:
        try:
            addresses = self._ask(*name)
            if not addresses:
                raise OSError("no address")  # noqa: TRY301 - as a name that is not there
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            with self._lock:
                self._asked.pop(name, None)
            asked.set_exception(error)
            return
        with self._lock:
            now_s = self._clock()
            self._known[name] = _Known(addresses, now_s + FRESH_S, now_s + KEPT_S)
            self._asked.pop(name, None)
        asked.set_result(addresses)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


RESOLVER = Resolver()
"""The one of the process."""
