"""What can strike: every kind of fault, whom it hits, how long it lasts, and what it keeps busy.

Pure: a plan is made of this and a seed alone, before anything runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WEBS = ("web-1", "web-2")
WORKERS = ("worker-1", "worker-2")
RELAYS = ("relay-1", "relay-2")
CONSOLES = ("console",)
PROCESSES = (*WEBS, *WORKERS, *RELAYS, *CONSOLES)
"""The processes of the stage."""

TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"web": WEBS, "worker": WORKERS, "relay": RELAYS, "console": CONSOLES}
)
TO_POSTGRES = tuple(f"{name}-postgres" for name in PROCESSES)
TO_VALKEY = tuple(f"{name}-valkey" for name in PROCESSES)
TO_PROVIDER = tuple(f"{name}-provider" for name in WORKERS)
FRONTS = ("front-1", "front-2")
"""The edges: each is a proxy of its own."""

POSTGRES, VALKEY, PROVIDER, LINKS, QUEUE = "postgres", "valkey", "provider", "links", "queue"
"""What else a fault can keep busy beside processes: no two faults have the same in hand at once."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    `lasts_s` is from when to when it may last, `parameters` the ranges of what else is drawn.
    `busies` is what it has in hand, or nothing: then it is its target. A `rare` one is not drawn
    as often as others, because it is long or leaves much to be done.
    """

    name: str
    targets: tuple[str, ...]
    lasts_s: tuple[float, float]
    busies: tuple[str, ...] = ()
    parameters: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    rare: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """A promise with a figure: its kind now and then strikes alone, so that it can be measured."""

    kind: str
    quiet_before_s: float
    lasts_s: tuple[float, float]
    quiet_after_s: float


def _of_processes() -> list[Kind]:
    return [
        kind
        for name, members in TYPES.items()
        for kind in (
            # Above 0.7 it is held down for as long as the strike lasts; else it is back at once.
            Kind(f"kill_{name}", members, (1.0, 4.0), parameters={"held": (0.0, 1.0)}),
            Kind(f"stop_{name}", members, (1.0, 8.0)),
            Kind(f"oom_{name}", members, (0.5, 2.5), parameters={"room_mb": (0.0, 4.0)}, rare=True),
        )
    ]


_POSTGRES = [
    Kind("postgres_killed", (POSTGRES,), (0.2, 1.5)),
    Kind("backend_killed", (POSTGRES,), (1.0, 2.0), parameters={"which": (0.0, 1.0)}),
    Kind("postgres_frozen", (POSTGRES,), (0.5, 5.0)),
    Kind("backend_frozen", (POSTGRES,), (1.0, 6.0), parameters={"which": (0.0, 1.0)}),
    Kind("disk_full_data", (POSTGRES,), (1.0, 5.0)),
    Kind("disk_full_wal", (POSTGRES,), (1.0, 3.0), rare=True),
    Kind("read_only", (POSTGRES,), (1.0, 4.0)),
    Kind("connections_exhausted", (POSTGRES,), (1.0, 4.0), parameters={"dropped": (0.0, 1.0)}),
    Kind("slow_commit", (POSTGRES,), (2.0, 6.0), parameters={"delay_ms": (50.0, 400.0)}),
]

_WIPE = {"wipe": (0.0, 1.0)}
_VALKEY = [
    Kind("flushall", (VALKEY,), (0.1, 0.5), (VALKEY, QUEUE)),
    Kind("valkey_killed", (VALKEY,), (0.2, 1.5), (VALKEY, QUEUE), _WIPE),
    Kind("valkey_down", (VALKEY,), (6.0, 60.0), (VALKEY, QUEUE), _WIPE, rare=True),
    Kind("valkey_frozen", (VALKEY,), (0.5, 6.0), (VALKEY, QUEUE)),
    Kind("valkey_full", (VALKEY,), (1.0, 6.0), (VALKEY, QUEUE)),
    Kind("valkey_evicting", (VALKEY,), (1.0, 6.0), (VALKEY, QUEUE)),
]

_QUEUE = [
    Kind("queue_lost", (QUEUE,), (1.0, 3.0)),
    Kind("queue_doubled", (QUEUE,), (1.0, 3.0), parameters={"same_id": (0.0, 1.0)}),
    Kind("queue_undecodable", (QUEUE,), (0.1, 0.5), parameters={"which": (0.0, 1.0)}),
]

_LINKS = [
    Kind(
        "commit_reply_lost",
        TO_POSTGRES,
        (1.0, 4.0),
        (LINKS,),
        {"count": (1.0, 4.0), "which": (0.0, 1.0)},
    ),
    Kind(
        "reply_blackholed", (*TO_POSTGRES, *TO_VALKEY, *TO_PROVIDER, *FRONTS), (1.0, 6.0), (LINKS,)
    ),
    Kind("links_reset", ("all",), (0.5, 3.0), (LINKS,), {"seed": (0.0, 1_000_000.0)}),
    Kind("links_refused", (*TO_POSTGRES, *TO_VALKEY, *TO_PROVIDER), (1.0, 4.0), (LINKS,)),
    Kind(
        "link_slow",
        (*TO_POSTGRES, *TO_VALKEY, *TO_PROVIDER, *FRONTS),
        (2.0, 6.0),
        (LINKS,),
        {"delay_ms": (20.0, 150.0), "jitter_ms": (0.0, 75.0)},
    ),
]

_OTHERS = [
    Kind("clock_jump", PROCESSES, (2.0, 8.0), ("clock",), {"jump_s": (-7_200.0, 7_200.0)}),
    Kind("poison", FRONTS, (14.0, 20.0), ("poison",), rare=True),
    Kind("log_disk_full", (*WEBS, *WORKERS, *RELAYS), (1.0, 5.0)),
    Kind("provider_drops_answer", (PROVIDER,), (2.0, 6.0), parameters={"share": (0.2, 0.8)}),
    Kind("provider_hangs", (PROVIDER,), (2.0, 6.0), parameters={"share": (0.2, 0.6)}),
    Kind("provider_lies", (PROVIDER,), (1.0, 3.0), parameters={"share": (0.1, 0.4)}),
    Kind("provider_down", (PROVIDER,), (4.0, 60.0), rare=True),
    Kind("provider_errs", (PROVIDER,), (2.0, 6.0), parameters={"which": (0.0, 1.0)}),
    Kind("rolling_restart", ("all",), (8.0, 14.0), PROCESSES, rare=True),
    Kind(
        "migration", (POSTGRES,), (3.0, 6.0), parameters={"killed_after_s": (0.2, 1.5)}, rare=True
    ),
    Kind("secret_rotation", ("stripe",), (8.0, 14.0), WEBS, rare=True),
]

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (*_of_processes(), *_POSTGRES, *_VALKEY, *_QUEUE, *_LINKS, *_OTHERS)
    }
)
"""Every kind by its name."""

BOUNDS = (
    Bound("kill_worker", 2.0, (0.5, 0.5), 11.5),
    Bound("postgres_killed", 2.0, (0.2, 0.2), 6.0),
    Bound("valkey_down", 2.0, (6.0, 30.0), 3.0),
)
"""The bounds that are measured on strikes of their own."""

OUTAGES = (
    Bound("valkey_down", 2.0, (120.0, 180.0), 3.0),
    Bound("provider_down", 2.0, (180.0, 300.0), 3.0),
)
"""Minutes without what the service can do without; alone, so that nothing else cuts them short."""

QUIET = {bound.kind: bound for bound in (*OUTAGES, *BOUNDS)}
"""How much quiet whatever strikes alone has before and after it."""
