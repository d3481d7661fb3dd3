from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.catalogue import GROUPS, INPUTS_MIN
from tests.hostile.ground import prepare, running
from tests.hostile.pack import play

if TYPE_CHECKING:
    from pathlib import Path


def test_no_hostile_input_breaks_anything(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    prepare(database_url)
    with running(database_url, redis_url, tmp_path / "log") as ground:
        report = play(ground, GROUPS)

    assert not report.faults, "\n".join(report.faults)
    assert report.sent >= INPUTS_MIN
