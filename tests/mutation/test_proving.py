"""Mutation tests on a shop of three functions: what its tests see dies, and the rest is named."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.mutation import children, mutants, running
from tests.mutation.errors import MutationRunFailed
from tests.mutation.outcomes import Verdict

if TYPE_CHECKING:
    from pathlib import Path

WITHIN_S = 120.0

SHOP = """
TABLE = {"a": 1, "b": 2}

def fee(amount):
    return amount // 10 if amount > 50 else 1

def sum_to(count):
    found = 0
    while count:
        found += count
        count -= 1
    return found

def unseen(amount):
    return amount + 1
"""
TESTS = """
import shop

def test_fee():
    assert shop.fee(100) == 10
    assert shop.fee(10) == 1

def test_table():
    assert shop.TABLE["a"] == 1

def test_sum():
    assert shop.sum_to(3) == 6
"""


def proven(folder: Path, tests: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (folder / "shop.py").write_text(SHOP)
    (folder / "test_shop.py").write_text(tests)
    monkeypatch.syspath_prepend(str(folder))
    found = mutants.of("shop", folder / "shop.py")

    def work() -> dict[str, str] | str:
        seen: dict[str, str] = {}

        def told(outcome: Any) -> None:
            seen[outcome.mutant.name] = str(outcome.verdict)

        arguments = ["--noconftest", "--rootdir", str(folder), *running.QUIET]
        try:
            running.run_tests(found, arguments, [str(folder / "test_shop.py")], told)
        except MutationRunFailed as error:
            return str(error)
        return seen

    told = children.ask(work, within_s=WITHIN_S)
    if isinstance(told, str):
        raise MutationRunFailed(told)
    assert isinstance(told, dict)
    return told


def test_what_no_test_sees_survives_and_all_else_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = proven(tmp_path, TESTS, monkeypatch)

    survivors = {name for name, verdict in seen.items() if verdict == Verdict.SURVIVED}
    assert survivors == {
        "shop: 'b' -> 'XXb'",
        "shop: 2 -> 3",
        "shop:fee: amount > 50 -> amount >= 50",
        "shop:fee: 50 -> 51",
        "shop:unseen: return amount + 1 -> return None",
        "shop:unseen: amount + 1 -> amount - 1",
        "shop:unseen: 1 -> 2",
    }
    endless = {name for name, verdict in seen.items() if verdict == Verdict.TIMED_OUT}
    assert endless == {"shop:sum_to: count -= 1 -> count += 1", "shop:sum_to: 1 -> 2"}
    assert seen["shop: 1 -> 2"] == Verdict.KILLED
    assert seen["shop: 'a' -> 'XXa'"] == Verdict.KILLED


def test_tests_that_fail_by_themselves_prove_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MutationRunFailed, match="fails without any change"):
        proven(tmp_path, TESTS.replace("== 6", "== 7"), monkeypatch)


def test_a_child_that_dies_or_takes_too_long_has_said_nothing() -> None:
    assert children.ask(lambda: 7, within_s=5.0) == 7
    assert children.ask(lambda: sum(1 for _ in iter(int, 1)), within_s=0.2) is None
    assert children.ask(threading.Event().wait, within_s=0.02) is None
    assert children.ask(lambda: 1 // 0, within_s=5.0) is None
