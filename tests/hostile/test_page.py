"""The page about hostile input says what is so."""

from __future__ import annotations

import importlib

from tests.docs.pages import ROOT, table
from tests.hostile.catalogue import GROUPS

PAGE = ROOT / "docs" / "hostile-input.md"
LIMITS_MIN = 15


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    rows = table(PAGE, "limit")

    for name, value, _ in rows:
        module, _, constant = name.strip("`").rpartition(".")
        assert str(getattr(importlib.import_module(module), constant)) == value, name
    assert len(rows) >= LIMITS_MIN


def test_the_number_of_inputs_on_the_page_is_about_right() -> None:
    count = sum(map(len, GROUPS.values()))

    assert f"Some {count // 50 * 50:,} inputs" in PAGE.read_text()
