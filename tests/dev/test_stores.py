"""The embedded stores: where they come from, whom they run as, and what is left of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from tests.dev import processes
from tests.local import throw_away
from tests.local.errors import AlreadyRunning, StoreFailed, StoreGiven, StoreMissing
from tests.local.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IS_ROOT = os.geteuid() == 0
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
needs_setpriv = pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is missing")


@pytest.fixture
def stopped_stores(stores_factory: Callable[[], Stores]) -> Path:
    """Return the folder of stores that ran once and were stopped."""
    stores = stores_factory()
    stores.stop()
    return stores.folder


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    with throw_away.folder() as folder:
        yield folder


def add_row(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS rows (id bigserial)")
        connection.execute("INSERT INTO rows DEFAULT VALUES")
        row = connection.execute("SELECT count(*) FROM rows").fetchone()
    assert row is not None
    return int(row[0])


def setting(database_url: str, name: str) -> str:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def ask(redis_url: str, *words: str) -> object:
    with redis.Redis.from_url(redis_url) as client:
        return client.execute_command(*words)


def test_both_stores_answer_and_leave_nothing_when_stopped(own_stores: Stores) -> None:
    pids = [own_stores.postgres_pid, own_stores.valkey_pid]
    sockets = own_stores.postgres.sockets
    assert add_row(own_stores.database_url) == 1
    assert ask(own_stores.redis_url, "PING") is True

    own_stores.stop()

    assert [pid for pid in pids if processes.is_alive(pid)] == []
    assert not sockets.exists()
    assert not os.path.lexists(own_stores.folder / "sockets")


def test_stores_that_are_not_thrown_away_lose_nothing(stopped_stores: Path) -> None:
    with Stores(stopped_stores) as stores:
        names = ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
        assert [setting(stores.database_url, name) for name in names] == ["on", "on", "on", ""]
        with redis.Redis.from_url(stores.redis_url) as client:
            assert client.config_get("appendonly", "appendfsync", "maxmemory-policy", "port") == {
                "appendonly": "yes",
                "appendfsync": "everysec",
                "maxmemory-policy": "noeviction",
                "port": "0",
            }


def test_what_was_committed_survives_a_kill_of_either_store(own_stores: Stores) -> None:
    add_row(own_stores.database_url)
    ask(own_stores.redis_url, "INCR", "kept")
    killed = [own_stores.postgres_pid, own_stores.valkey_pid]

    own_stores.postgres.kill()
    own_stores.valkey.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(own_stores.database_url)
    own_stores.postgres.start()
    own_stores.valkey.start()

    assert add_row(own_stores.database_url) == 2
    assert ask(own_stores.redis_url, "INCR", "kept") == 2
    assert not {own_stores.postgres_pid, own_stores.valkey_pid} & set(killed)


def test_a_second_start_on_the_same_folder_is_refused(own_stores: Stores) -> None:
    with pytest.raises(AlreadyRunning, match="another run holds"):
        Stores(own_stores.folder, throw_away=True).start()

    assert add_row(own_stores.database_url) == 1


@needs_root
def test_root_runs_the_stores_without_the_power_of_root(own_stores: Stores) -> None:
    for pid in (own_stores.postgres_pid, own_stores.valkey_pid):
        status = Path(f"/proc/{pid}/status").read_text()
        words = {
            line.partition(":")[0]: line.partition(":")[2].split() for line in status.splitlines()
        }
        assert "0" not in words["Uid"]
        assert int(words["CapEff"][0], 16) in {0x0, 0x2}


@needs_root
@needs_setpriv
def test_a_user_without_power_runs_the_stores(empty_folder: Path) -> None:
    python = python_for_nobody()
    empty_folder.chmod(0o777)

    holder = processes.hold_stores(empty_folder / "data", prefix=AS_NOBODY, python=python)
    try:
        assert add_row(holder.told["database_url"]) == 1
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in holder.told["pids"]} == {65534}
        holder.process.send_signal(signal.SIGINT)
        assert holder.process.wait(processes.WAIT_S) == 0
    finally:
        processes.end(holder.process)
    assert not any(map(processes.is_alive, holder.told["pids"]))


@needs_setpriv
def test_nothing_is_left_when_the_parent_is_killed(stopped_stores: Path) -> None:
    holder = processes.hold_stores(stopped_stores)
    assert all(map(processes.is_alive, holder.told["pids"]))

    processes.end(holder.process)

    assert processes.wait_until(lambda: not any(map(processes.is_alive, holder.told["pids"])))


def test_the_next_start_stops_what_a_killed_run_left(stopped_stores: Path) -> None:
    """Where there is no setpriv the stores outlive a killed parent."""
    if IS_ROOT and not all(folder.stat().st_mode & 0o001 for folder in processes.ROOT.parents):
        pytest.skip("root without setpriv needs a checkout that others may read")
    holder = processes.hold_stores(stopped_stores, changes={"PATH": "/nonexistent"})
    add_row(holder.told["database_url"])
    processes.end(holder.process)
    assert all(map(processes.is_alive, holder.told["pids"]))

    with Stores(stopped_stores, throw_away=True) as stores:
        assert not any(map(processes.is_alive, holder.told["pids"]))
        assert add_row(stores.database_url) == 2
    assert not Path(holder.told["redis_url"].removeprefix("unix://").partition("?")[0]).exists()


def test_an_interrupt_stops_both_and_ends_with_success(stopped_stores: Path) -> None:
    holder = processes.hold_stores(stopped_stores)

    holder.process.send_signal(signal.SIGINT)

    assert holder.process.wait(processes.WAIT_S) == 0
    processes.end(holder.process)
    assert not any(map(processes.is_alive, holder.told["pids"]))


def test_a_long_path_with_spaces_is_no_obstacle(stopped_stores: Path, empty_folder: Path) -> None:
    folder = empty_folder / ("a folder with spaces " * 5).strip() / "and one more below it"
    assert len(str(folder)) >= 130
    folder.parent.mkdir()
    stopped_stores.rename(folder)

    with Stores(folder, throw_away=True) as stores:
        assert add_row(stores.database_url) == 1
        assert ask(stores.redis_url, "PING") is True
        assert (folder / "sockets").is_symlink()


def test_the_systems_postgres_serves_as_well(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed:
        pytest.skip("no Postgres is installed on this system")
    monkeypatch.setenv("POSTGRES_BIN", str(installed[-1].parent))

    with Stores(empty_folder, throw_away=True, redis_url="redis://given") as stores:
        assert add_row(stores.database_url) == 1
        assert stores.postgres.data.name == f"postgres-{installed[-1].parents[1].name}"


def test_the_systems_redis_serves_as_well(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = shutil.which("redis-server") or shutil.which("valkey-server")
    if installed is None:
        pytest.skip("no Redis and no Valkey is installed on this system")
    monkeypatch.setenv("VALKEY_BIN", installed)

    with Stores(empty_folder, throw_away=True, database_url="postgresql://given") as stores:
        assert ask(stores.redis_url, "PING") is True


def test_a_given_store_is_passed_on_and_nothing_is_started(empty_folder: Path) -> None:
    database_url, redis_url = "postgresql://given/db", "redis://given/1"
    with Stores(empty_folder, database_url=database_url, redis_url=redis_url) as stores:
        assert [stores.database_url, stores.redis_url] == [database_url, redis_url]
        with pytest.raises(StoreGiven):
            stores.postgres.kill()
        with pytest.raises(StoreGiven):
            stores.valkey.kill()


@pytest.mark.parametrize("name", ["POSTGRES_BIN", "VALKEY_BIN"])
def test_a_named_binary_that_is_not_there_is_refused_by_name(
    name: str, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "/nonexistent/bin")
    database_url = "postgresql://given" if name == "VALKEY_BIN" else None

    with pytest.raises(StoreMissing, match=name):
        Stores(empty_folder, database_url=database_url).start()


def test_a_folder_that_cannot_be_used_is_told_with_its_name(empty_folder: Path) -> None:
    file = empty_folder / "file"
    file.write_text("")

    with pytest.raises(StoreFailed, match="cannot be used"):
        Stores(file / "data").start()


def test_a_store_that_cannot_start_shows_the_end_of_its_log(stopped_stores: Path) -> None:
    (next(stopped_stores.glob("postgres-*")) / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(StoreFailed, match="incompatible with server"):
        Stores(stopped_stores, throw_away=True).start()


def python_for_nobody() -> str:
    """Return a Python that an account without power may run on this checkout, or skip."""
    for python in (sys.executable, "/usr/bin/python3"):
        probe = [
            *AS_NOBODY,
            python,
            "-c",
            "from tests.local import find; find.postgres(); find.valkey()",
        ]
        done = subprocess.run(
            probe, cwd=processes.ROOT, env=processes.environment(), capture_output=True, check=False
        )
        if done.returncode == 0:
            return python
    pytest.skip("no Python that nobody may run can read this checkout")
