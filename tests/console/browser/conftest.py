"""A browser, and a console with a morning's worth of things to see."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.console.browser import chromium
from tests.console.browser.believable import morning
from tests.console.serving import serve
from workers.database import Database
from workers.replaying.driving import ReplayThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from tests.console.browser.chromium import Person
    from tests.console.serving import Served
    from tests.workers.scene import Scene

MONEY_LIMIT_MINOR = "140000"
"""Above it a second person must agree; the mismatched payment is, the others are not."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if chromium.found() is None:
        pytest.skip(f"no Chromium is installed ({', '.join(chromium.NAMES)})")
    with chromium.launched() as launched:
        yield launched


@pytest.fixture
def console(database_url: str, scene: Scene) -> Iterator[Served]:
    """Serve a console whose replays somebody drives, as the relay does."""
    morning(scene)
    replays = ReplayThread(Database(database_url, name="replays"))
    replays.start()
    with serve(database_url, money_limit_minor=MONEY_LIMIT_MINOR) as served:
        yield served
    replays.stop()
    replays.join()


@pytest.fixture
def person(browser: Browser, console: Served) -> Iterator[Callable[..., Person]]:
    """Return a maker of people at the console; at the end none of their pages had troubles."""
    with contextlib.ExitStack() as until:
        made: list[Person] = []

        def make(**how: bool | tuple[int, int]) -> Person:
            one = chromium.Person(browser, console.url, **how)  # type: ignore[arg-type]
            until.callback(one.close)
            made.append(one)
            return one

        yield make
        assert [trouble for one in made for trouble in one.troubles] == []
