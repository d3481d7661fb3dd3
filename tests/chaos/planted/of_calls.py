"""Bugs of calls to providers: what names an effect, and what silence means."""

from __future__ import annotations

import time
from typing import Any

from tests.chaos.planted.taking import late, put


def names_each_try(kind: Any) -> None:
    def key(self: Any, case: Any) -> str:
        return f"{right(self, case)}:{time.monotonic_ns()}"

    right = put(kind.Kind, "key", key)


def names_each_try_of_a_refund(refunding: Any) -> None:
    def key(self: Any, case: Any) -> str:
        return f"{right(self, case)}:{time.monotonic_ns()}"

    right = put(refunding.Refunding, "key", key)


def asks_again_at_once(retry: Any) -> None:
    """Wait for nobody between two tries, so that no webhook says first what became of one."""

    def delay_s(attempts: int, jitter: float) -> float:
        del attempts, jitter
        return 0.0

    put(retry, "delay_s", delay_s)


def leaves_nobody_alone(breaker: Any) -> None:
    put(breaker, "FAILURES_MAX", 10**9)


def takes_silence_for_no(sending: Any) -> None:
    errors = late("domain.errors")

    def ask(begun: Any, *, began_s: float) -> Any:
        answer = right(begun, began_s=began_s)
        if isinstance(answer, errors.OutcomeUnknown):
            return errors.ProviderRefused("no answer", http_status=504)
        return answer

    right = put(sending, "ask", ask)
