"""One browser and one console with a morning's worth of things to see, for all who mostly look."""

from __future__ import annotations

import contextlib
import os
import uuid
from typing import TYPE_CHECKING, NamedTuple

import pytest
from psycopg import sql

from tests.console.browser import chromium
from tests.console.browser.believable import morning
from tests.console.serving import serve
from tests.operations.limits import set_limit
from tests.workers.scene import Scene
from workers.database import Database
from workers.replaying.driving import ReplayThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg
    from playwright.sync_api import Browser

    from tests.console.browser.chromium import Person
    from tests.console.serving import Served

MONEY_LIMIT_MINOR = "140000"
"""Above it a second person must agree; the mismatched payment is, the others are not."""


class Morning(NamedTuple):
    """A console that runs, and the record that it shows."""

    console: Served
    scene: Scene


@contextlib.contextmanager
def open_at(database_url: str) -> Iterator[Morning]:
    """Let the morning happen, and serve a console whose replays somebody drives, as the relay."""
    scene = Scene(database_url)
    morning(scene)
    replays = ReplayThread(Database(database_url, name="replays"))
    replays.start()
    try:
        set_limit(database_url, MONEY_LIMIT_MINOR)
        with serve(database_url) as served:
            yield Morning(served, scene)
    finally:
        replays.stop()
        replays.join()
        scene.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if chromium.found() is None:
        pytest.skip(f"no Chromium is installed ({', '.join(chromium.NAMES)})")
    with chromium.launched() as launched:
        yield launched


@pytest.fixture(scope="package")
def shared(template_database: str, administration: psycopg.Connection) -> Iterator[Morning]:
    """Return the console of all tests that leave to others what they need."""
    name = f"browser_{uuid.uuid4().hex}"
    named, template = sql.Identifier(name), sql.Identifier(template_database)
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(named, template)
    administration.execute(made)
    server, _, query = os.environ["DATABASE_URL"].partition("?")
    with open_at(f"{server.rpartition('/')[0]}/{name}?{query}") as opened:
        yield opened
    administration.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(named))


@pytest.fixture
def console(shared: Morning) -> Served:
    return shared.console


@pytest.fixture
def scene(shared: Morning) -> Scene:
    return shared.scene


@pytest.fixture
def person(browser: Browser, console: Served) -> Iterator[Callable[..., Person]]:
    """Return a maker of people at the console; at the end none of their pages had troubles."""
    with contextlib.ExitStack() as until:
        made: list[Person] = []

        def make(**how: bool) -> Person:
            one = chromium.Person(browser, console.url, **how)
            until.callback(one.close)
            made.append(one)
            return one

        yield make
        assert [trouble for one in made for trouble in one.troubles] == []
