"""The catalogue: every input that is sent to the server, by group."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.hostile import (
    credentials,
    encodings,
    fields,
    framing,
    headers,
    heads,
    idempotency,
    injection,
    json_text,
    keys_named,
    limits,
    money,
    numbers,
    paths,
    queries,
    replays,
    signatures,
    signatures_timed,
    sizes,
)
from tests.hostile.outgoing import LOOPBACK_NAMES, REFUSED
from tests.hostile.slow_clients import SLOW
from tests.hostile.strings import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.hostile.inputs import Input

GROUPS: Mapping[str, tuple[Input, ...]] = MappingProxyType(
    {
        module.__name__.rpartition(".")[2]: module.INPUTS
        for module in (
            framing,
            heads,
            headers,
            paths,
            sizes,
            encodings,
            json_text,
            numbers,
            fields,
            money,
            signatures,
            signatures_timed,
            replays,
            idempotency,
            credentials,
            queries,
            limits,
            injection,
            keys_named,
        )
    }
)

INPUTS_MIN = 1_400
"""Inputs that the pack must not fall below."""

SHOWINGS = 2
"""Places where each hostile string is shown: the console and the command line."""


def counts() -> dict[str, int]:
    """Return how many inputs each group has, those included that other tests send."""
    return {
        **{group: len(inputs) for group, inputs in GROUPS.items()},
        "slow_clients": len(SLOW),
        "shown (on pages and in a terminal)": len(HOSTILE) * SHOWINGS,
        "outgoing": len(REFUSED) + len(LOOPBACK_NAMES),
    }


def named() -> list[tuple[str, str]]:
    """Return the name of every input for the server, and the answers it wants."""
    return [
        (f"{group}: {each.name}", each.wants) for group, inputs in GROUPS.items() for each in inputs
    ]
