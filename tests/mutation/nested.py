"""Tests that are run within a run: one of those that were collected, or some of them anew."""

from __future__ import annotations

from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation import examples


def error_of(item: pytest.Item, following: pytest.Item | None) -> str:
    """Run a test; return what it says when it fails, else ""."""
    for report in runtestprotocol(item, log=False, nextitem=following):
        if report.failed:
            return report.longreprtext or "failed"
    return ""


class Only:
    """A plugin of pytest: keeps the tests of these ids alone, and remembers what failed."""

    def __init__(self, ids: set[str]) -> None:
        self._ids = ids
        self.failed = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: Any) -> None:
        """Say that another process of this run has started the stores."""
        config.workerinput = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the others out."""
        items[:] = [item for item in items if item.nodeid in self._ids]
        for item in items:
            examples.bound(item)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a failure."""
        if report.failed:
            self.failed = report.nodeid
