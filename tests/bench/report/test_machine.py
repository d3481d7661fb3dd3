"""What is told of the machine: true, and nothing about whose it is."""

from __future__ import annotations

import getpass
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.bench import machine

if TYPE_CHECKING:
    import pytest

TREE = Path(__file__).parents[3]


def test_the_servers_tell_their_own_versions_and_durability(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    told = machine.describe(tmp_path, TREE, database_url=database_url, redis_url=redis_url)
    with psycopg.connect(database_url) as connection:
        version = connection.info.parameter_status("server_version")
        [fsync] = connection.execute("SHOW fsync").fetchone() or [None]
    assert version is not None
    assert told["postgres"]["version"] == version.split()[0]
    assert told["postgres"]["fsync"] == fsync
    assert told["valkey"]["version"][0].isdigit()


def test_the_machine_is_described_without_saying_whose_it_is(tmp_path: Path) -> None:
    told = machine.describe(tmp_path, TREE)
    text = json.dumps(told, allow_nan=False)
    assert told["cores"] == len(os.sched_getaffinity(0))
    assert told["memory_gib"] > 0
    assert told["packages"]["psycopg"][0].isdigit()
    assert told["postgres"] is None
    for secret in (platform.node(), str(tmp_path), str(TREE), str(Path.home())):
        assert secret not in text
    assert f'"{getpass.getuser()}"' not in text


def test_a_folder_outside_of_git_has_no_commit(tmp_path: Path) -> None:
    told = machine.describe(tmp_path, tmp_path)
    assert (told["commit"], told["dirty"]) == (None, None)


def test_the_filesystem_is_the_one_of_the_deepest_mount() -> None:
    assert machine.filesystem(Path("/proc/self")) == "proc"


def test_pages_are_made_durable_and_none_is_left(tmp_path: Path) -> None:
    assert machine.fsync_per_s(tmp_path, for_s=0.05) > 0
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_the_disk_measure_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def look(file: int) -> None:
        sizes.append(os.fstat(file).st_size)

    limit_bytes = 4 * machine.PAGE_BYTES
    monkeypatch.setattr(os, "fdatasync", look)
    machine.fsync_per_s(tmp_path, for_s=0.01, file_bytes_max=limit_bytes)
    assert max(sizes) == limit_bytes
    assert len(sizes) > 4


def test_steal_is_a_share_of_the_time_since_it_was_begun() -> None:
    steal = machine.Steal()
    percent = steal.percent()
    assert percent is not None
    assert 0 <= percent <= 100
