"""The scenarios, each module about one part of the service."""

from __future__ import annotations

from tests.crash.scenarios import (
    api,
    asking,
    calls,
    commands,
    door,
    events,
    people,
    relaying,
    replays,
)

MODULES = (door, api, events, calls, relaying, asking, replays, people, commands)

ALL = {scenario.name: scenario for module in MODULES for scenario in module.SCENARIOS}
"""Every scenario, by its name."""
