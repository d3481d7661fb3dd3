"""Limits: how often is too often, and what does not make anybody somebody else."""

from __future__ import annotations

from tests.hostile.ground import NOBODY, SLOW
from tests.hostile.inputs import PAYMENT, PAYMENTS, Input, api, asked, request

_STRANGERS_MAX = 60
"""Requests of one address without a valid key; then it is told to stay away."""


def _many(*requests: bytes) -> bytes:
    return b"".join(requests)


_HOPS = [(b"X-Forwarded-For", b"10.0.0.%d" % n) for n in range(_STRANGERS_MAX + 1)]

INPUTS = (
    Input(
        "one address that tries keys",
        api("GET", PAYMENTS, key=NOBODY) * (_STRANGERS_MAX + 2),
        "401 " * _STRANGERS_MAX + "429 429",
        "rate_limited",
    ),
    Input(
        "one address that brings no key at all",
        request("GET", PAYMENTS) * (_STRANGERS_MAX + 1),
        "401 " * _STRANGERS_MAX + "429",
        "rate_limited",
    ),
    Input(
        "one address that says each time it is another",
        _many(*(api("GET", PAYMENTS, None, hop, key=NOBODY) for hop in _HOPS)),
        "401 " * _STRANGERS_MAX + "429",
        "rate_limited",
    ),
    Input(
        "a client beyond its limit",
        api("POST", PAYMENTS, asked(reference="slow-1"), key=SLOW)
        + api("POST", PAYMENTS, asked(reference="slow-2"), key=SLOW)
        + api(
            "POST", PAYMENTS, asked(reference="slow-3"), (b"X-Forwarded-For", b"1.1.1.1"), key=SLOW
        ),
        "202 429 429",
        "rate_limited",
        by=True,
        adds=PAYMENT,
    ),
)
