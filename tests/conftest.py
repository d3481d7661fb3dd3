"""One throw-away pair of stores for each test run, and a database of its own for each test.

The stores start in the process that controls the run (with pytest-xdist its workers inherit the
addresses), the migrations run once into a template, and each test copies the template. All of it is
kept in memory where there is room: the files of a copy are made and removed five times faster.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from psycopg import sql

from tests.local import environments, throw_away
from tests.local.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

API_URLS = ("PAYSTACK_API_URL", "STRIPE_API_URL")
"""What tells our processes where their providers are: nowhere, unless a test has one."""

EMPTY_STORES = "PAYRATCHET_TEST_EMPTY_STORES"
TEMPLATE = "PAYRATCHET_TEST_TEMPLATE"
TEMPLATE_ERROR = "PAYRATCHET_TEST_TEMPLATE_ERROR"
# Index 0 is left alone, in case REDIS_URL names a server with something in it; Redis has 16 unless
# told otherwise.
REDIS_INDEXES = 15
MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""

MEMORY_FREE_BYTES_MIN = 4 * 1024**3
"""Room for the stores of all tests that run at a time, and for their logs of a gigabyte."""

SPARE_WORKERS = 1
"""How many more tests than cores run at a time: some always wait for what takes its time."""

LONG = (
    "tests/demo/test_demo.py",
    "tests/soak/test_soak.py",
    "tests/bench/measures/",
    "tests/workers/test_processes.py",
    "tests/api/test_crash.py",
    "tests/hostile/test_pack.py",
    "tests/hostile/test_slow_clients.py",
    "tests/conformance/test_end_to_end.py",
    "tests/crash/",
    "tests/dev/test_commands.py",
    "tests/ingress/test_slow_senders.py",
    "tests/simulation/test_histories.py",
    "tests/simulation/test_permutations.py",
)
"""What takes longest, by how its tests' names begin. Those that start many processes run first, one
after the other, while other workers run the rest: so none of them is left over at the end."""

JOURNEYS = (
    "tests/api/test_crash.py",
    "tests/bench/",
    "tests/conformance/test_end_to_end.py",
    "tests/console/browser/",
    "tests/console/test_process.py",
    "tests/demo/",
    "tests/dev/",
    "tests/docs/test_deploy.py",
    "tests/operations/test_processes.py",
    "tests/soak/",
    "tests/workers/test_processes.py",
)
"""What plays the service through, or starts and kills its processes, and so takes minutes."""

LAB = (
    "tests/api/test_schemathesis",
    "tests/chaos/",
    "tests/crash/",
    "tests/hostile/",
    "tests/mutation/",
    "tests/simulation/",
)
"""What attacks the service: faults, crashes, hostile input, planted bugs, mutants."""

APART = {"journeys": JOURNEYS, "lab": LAB}
"""What is left out of the suite: run by an option of that name, and where it is named."""

RUNS_NO_TEST = (
    "collectonly",
    "help",
    "version",
    "markers",
    "showfixtures",
    "show_fixtures_per_test",
)


def pytest_configure(config: pytest.Config) -> None:
    """Start the run's stores and migrate the template, unless another process of this run did."""
    _keep_bytecode()
    if hasattr(config, "workerinput") or any(config.getoption(name) for name in RUNS_NO_TEST):
        return
    run = contextlib.ExitStack()
    config.add_cleanup(run.close)
    environment = run.enter_context(pytest.MonkeyPatch.context())
    _keep_in_memory(environment)
    empty = _empty_stores(run)
    stores = run.enter_context(Stores.from_environment(_copy(run, empty), throw_away=True))
    environment.setenv(EMPTY_STORES, str(empty))
    environment.setenv("DATABASE_URL", stores.database_url)
    environment.setenv("REDIS_URL", stores.redis_url)
    environment.setenv("PAYRATCHET_ALLOW_UNSAFE_STORE", "1")
    for name in API_URLS:
        environment.setenv(name, environments.NOWHERE)
    _migrate_template(run, environment, stores.database_url)


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Return how many workers `-n auto` starts."""
    return (yield) + SPARE_WORKERS


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know what is apart from the suite."""
    parser.addoption(
        "--journeys",
        action="store_true",
        help="run what plays the service through or kills its processes, and only that",
    )
    parser.addoption(
        "--lab",
        action="store_true",
        help="run what attacks the service: crashes, hostile input, planted bugs; only that",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep one part of all tests, unless some are named; put what takes longest first."""
    wanted = {name for name in APART if config.getoption(name)}
    if wanted or config.args_source is not pytest.Config.ArgsSource.ARGS:
        left_out = [item for item in items if not is_wanted(item.nodeid, wanted)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if is_wanted(item.nodeid, wanted)]
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def is_wanted(nodeid: str, wanted: set[str]) -> bool:
    """Say whether the test is in a part that is wanted; the suite is, where no part is named."""
    parts = {name for name, beginnings in APART.items() if nodeid.startswith(beginnings)}
    return bool(parts & wanted) if wanted else not parts


@pytest.fixture(scope="session")
def template_database() -> str:
    """Return the name of the migrated database that every test's database is copied from."""
    error = os.environ.get(TEMPLATE_ERROR)
    if error is not None:
        pytest.fail(
            f"The migrations did not run, so there is no template database:\n{error}", pytrace=False
        )
    return os.environ[TEMPLATE]


@pytest.fixture(scope="session")
def administration() -> Iterator[psycopg.Connection]:
    """Return the one session in which this process makes and drops databases."""
    url = _in_database(os.environ["DATABASE_URL"], "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def database_url(template_database: str, administration: psycopg.Connection) -> Iterator[str]:
    """Return the libpq URL of a migrated database that is this test's alone."""
    name = f"test_{uuid.uuid4().hex}"
    administration.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
            sql.Identifier(name), sql.Identifier(template_database)
        )
    )
    yield _in_database(os.environ["DATABASE_URL"], name)
    administration.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


@pytest.fixture
def redis_url() -> str:
    """Return the URL of an empty database of Valkey that no other test has at the same time."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = _in_index(os.environ["REDIS_URL"], 1 + worker % REDIS_INDEXES)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def stores_factory() -> Iterator[Callable[[], Stores]]:
    """Return a maker of started, empty, throw-away stores that a test may stop, kill and start."""
    with contextlib.ExitStack() as made:

        def make() -> Stores:
            folder = _copy(made, Path(os.environ[EMPTY_STORES]))
            return made.enter_context(Stores(folder, throw_away=True))

        yield make


@pytest.fixture
def own_stores(stores_factory: Callable[[], Stores]) -> Stores:
    """Return stores of this test alone, started and not migrated."""
    return stores_factory()


def _keep_bytecode() -> None:
    """Have what is compiled kept, by whatever is started too, though the environment says not to.

    Without it each of the hundred processes of a run compiles our modules anew, and each run the
    tests: that is more work than most of them do.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _keep_in_memory(environment: pytest.MonkeyPatch) -> None:
    """Have temporary files made in memory, by whatever is started too; TMPDIR of a caller wins."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free >= MEMORY_FREE_BYTES_MIN:
        environment.setenv("TMPDIR", str(MEMORY))
        environment.setattr(tempfile, "tempdir", None)


def _empty_stores(run: contextlib.ExitStack) -> Path:
    """Make stores, stopped and empty: a copy of them is made ten times faster than new ones."""
    folder = run.enter_context(throw_away.folder())
    with Stores(folder, throw_away=True):
        return folder


def _copy(until: contextlib.ExitStack, stores: Path) -> Path:
    folder = until.enter_context(throw_away.folder())
    subprocess.run(["cp", "-a", f"{stores}/.", folder], check=True)
    return folder


def _migrate_template(run: contextlib.ExitStack, environment: pytest.MonkeyPatch, url: str) -> None:
    """Migrate a new database once.

    What goes wrong is told by the fixture, so that tests without a database still run.
    """
    name = f"template_{uuid.uuid4().hex}"
    try:
        from migrations.run import upgrade  # noqa: PLC0415 - the controller's alone

        _administer(url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        run.callback(_drop, url, name)
        upgrade(_in_database(url, name))
    except Exception:  # noqa: BLE001 - whatever a migration raises is shown by the fixture
        environment.setenv(TEMPLATE_ERROR, traceback.format_exc())
    else:
        environment.setenv(TEMPLATE, name)


def _administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(_in_database(url, "postgres"), autocommit=True) as connection:
        connection.execute(statement)


def _drop(url: str, name: str) -> None:
    _administer(
        url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


def _in_database(url: str, name: str) -> str:
    """Return the URL with another database (urllib would drop the empty host of a socket's URL)."""
    server, _, query = url.partition("?")
    scheme, _, rest = server.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{name}?{query}"


def _in_index(url: str, index: int) -> str:
    if url.startswith("unix://"):
        return f"{url.partition('?')[0]}?db={index}"
    return _in_database(url, str(index))
