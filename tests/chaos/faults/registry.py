"""Every kind of fault by its name, in the order in which a broken lab is best healed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.faults import (
    clock,
    exhaustion,
    links,
    operations,
    poison,
    postgres,
    processes,
    provider,
    queue,
    valkey,
)
from tests.chaos.faults.shim import Dial
from tests.chaos.kinds import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.chaos.faults.fault import Fault


def faults() -> Mapping[str, Fault]:
    """Return new faults of all kinds: links first, then stores, then what needs them."""
    return {
        "links_reset": links.Swizzle(),
        "commit_reply_lost": links.OnOneEdge(links.lose_commit_replies, "answers_lost"),
        "reply_blackholed": links.OnOneEdge(links.swallow_replies),
        "links_refused": links.OnOneEdge(links.refuse),
        "link_slow": links.OnOneEdge(links.slow_down),
        **_of_stores(),
        **_of_providers(),
        "queue_lost": queue.Lost(),
        "queue_doubled": queue.Doubled(),
        "queue_undecodable": queue.Undecodable(),
        "clock_jump": clock.Jump(),
        "log_disk_full": processes.LogDiskFull(),
        **_of_processes(),
        "poison": poison.Poison(),
        "rolling_restart": operations.RollingRestart(),
        "migration": operations.Migration(),
        "secret_rotation": operations.SecretRotation(),
    }


def _of_stores() -> dict[str, Fault]:
    return {
        "postgres_frozen": postgres.Frozen(),
        "backend_frozen": postgres.BackendFrozen(),
        "disk_full_wal": postgres.DiskFull(Dial.FULL_WAL),
        "disk_full_data": postgres.DiskFull(Dial.FULL_DATA),
        "postgres_killed": postgres.Killed(),
        "backend_killed": postgres.BackendKilled(),
        "connections_exhausted": exhaustion.ConnectionsExhausted(),
        "read_only": postgres.Setting(postgres.READ_ONLY),
        "slow_commit": postgres.SlowCommit(),
        "valkey_frozen": valkey.Frozen(),
        "valkey_killed": valkey.Killed(),
        "valkey_down": valkey.Killed(),
        "valkey_full": valkey.Cramped("noeviction"),
        "valkey_evicting": valkey.Cramped("allkeys-lru"),
        "flushall": valkey.Flush(),
    }


def _of_providers() -> dict[str, Fault]:
    return {
        "provider_drops_answer": provider.Script(provider.drops_answer),
        "provider_hangs": provider.Script(provider.hangs),
        "provider_lies": provider.Script(provider.lies),
        "provider_down": provider.Script(provider.is_down),
        "provider_errs": provider.Script(provider.errs),
    }


def _of_processes() -> dict[str, Fault]:
    made: dict[str, Fault] = {}
    for name in TYPES:
        made |= {
            f"kill_{name}": processes.Kill(),
            f"stop_{name}": processes.Stop(),
            f"oom_{name}": processes.OutOfMemory(),
        }
    return made
