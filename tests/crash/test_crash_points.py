"""Every boundary is crashed at, and afterwards everything is as if nothing had crashed."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from tests.crash import exemptions, sites
from tests.crash.enumeration import Enumeration
from tests.crash.planted import BUGS
from tests.crash.scenarios import ALL, MODULES
from tests.crash.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.crash.enumeration import Seen

NAMES = [module.__name__.rpartition(".")[2] for module in MODULES]


@pytest.fixture
def stage(template_database: str, redis_url: str, tmp_path: Path) -> Iterator[Stage]:
    with contextlib.closing(
        Stage(os.environ["DATABASE_URL"], redis_url, template_database, tmp_path)
    ) as made:
        yield made


@pytest.mark.parametrize("name", NAMES)
def test_a_crash_at_any_boundary_leaves_everything_as_if_there_was_none(
    name: str, stage: Stage
) -> None:
    seen: Seen = set()
    found = [
        Enumeration(stage, scenario).crash_everywhere(seen)
        for scenario in MODULES[NAMES.index(name)].SCENARIOS
    ]

    assert all(each.points for each in found)
    assert [str(violation) for each in found for violation in each.violations] == []


def test_every_site_is_crashed_at_by_some_scenario_or_exempt(stage: Stage) -> None:
    found = [Enumeration(stage, scenario).trace() for scenario in ALL.values()]
    passed = {site for each in found for site in each.sites}

    strange = sorted({place for each in found for place in each.strange})
    assert strange == [], "these talk to somebody, and the scan does not know of them"
    missing = [each for each in sites.names() if each not in passed and not exemptions.why(each)]
    assert missing == [], "no scenario comes by these"
    assert exemptions.needless(passed, sites.names()) == []


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_seen(name: str, stage: Stage) -> None:
    bug = BUGS[name]

    found = Enumeration(stage, ALL[bug.scenario], bug.plant).crash_everywhere(set())

    said = "\n".join(str(violation) for violation in found.violations)
    assert bug.shows in said
