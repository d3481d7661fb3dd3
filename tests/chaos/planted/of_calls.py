"""Bugs of calls to providers: what names an effect, and what silence means."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from tests.chaos.planted.taking import late, put

KEY = "idempotency-key"


def names_each_try(transport: Any) -> None:
    """Have each request to a provider a key of its own, its repeats included."""

    def once(self: Any, request: Any, read: Any, until_s: float) -> Any:
        headers = tuple((name, _fresh(name, value)) for name, value in request.headers)
        return right(self, replace(request, headers=headers), read, until_s)

    right = put(transport.Transport, "_once", once)


def _fresh(name: str, value: str) -> str:
    return f"{value}:{time.monotonic_ns()}" if name.lower() == KEY else value


def takes_silence_for_no(sending: Any) -> None:
    errors = late("domain.errors")

    def ask(begun: Any, *, began_s: float) -> Any:
        answer = right(begun, began_s=began_s)
        if isinstance(answer, errors.OutcomeUnknown):
            return errors.ProviderRefused("no answer", http_status=504)
        return answer

    right = put(sending, "ask", ask)
