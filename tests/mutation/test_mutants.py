"""Mutants: each compiles, keeps the lines where they are, and changes what runs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.mutation import mutants, report, targets
from tests.mutation.equivalents import EQUIVALENT
from tests.mutation.mutants import Mutant
from tests.mutation.outcomes import Outcome, Verdict

if TYPE_CHECKING:
    from pathlib import Path

SHOP = '''
"""A shop."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT_MINOR = 5
NAME = re.compile(r"[a-z]{1,3}")
Row = dict[str, int]


class Shop:
    """Sells."""

    kind = "open"

    def price(self, asked: int, *, rate: int = 2) -> str:
        """Say a price."""
        if not asked or asked > LIMIT_MINOR:
            msg = f"too much: {asked}"
            raise ValueError(msg)
        return f"price:{asked * rate}"


def sum_of(rows: Sequence[int]) -> int:
    return sum(each for each in rows if each >= 0)
'''


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.py"
    path.write_text(SHOP)
    return path


def changes(path: Path) -> dict[str, str]:
    return {each.name: each.operator for each in mutants.of("shop", path)}


def test_what_runs_is_changed_and_what_is_only_said_is_not(shop: Path) -> None:
    assert changes(shop) == {
        "shop: 5 -> 6": "constant",
        "shop: re.compile('[a-z]{1,3}') -> re.compile('[a-z]{1,4}')": "pattern",
        "shop: '[a-z]{1,3}' -> 'XX[a-z]{1,3}'": "constant",
        "shop: 'open' -> 'XXopen'": "constant",
        "shop: 2 -> 3": "constant",
        "shop:Shop.price: not asked or asked > LIMIT_MINOR -> "
        "not (not asked or asked > LIMIT_MINOR)": "condition",
        "shop:Shop.price: not asked or asked > LIMIT_MINOR -> "
        "not asked and asked > LIMIT_MINOR": "and/or",
        "shop:Shop.price: not asked or asked > LIMIT_MINOR -> not asked": "condition dropped",
        "shop:Shop.price: not asked or asked > LIMIT_MINOR -> asked > LIMIT_MINOR": (
            "condition dropped"
        ),
        "shop:Shop.price: not asked -> asked": "sign",
        "shop:Shop.price: asked > LIMIT_MINOR -> asked >= LIMIT_MINOR": "comparison",
        "shop:Shop.price: raise ValueError(msg) -> pass": "statement dropped",
        "shop:Shop.price: return f'price:{asked * rate}' -> return None": "nothing returned",
        "shop:Shop.price: f'price:{asked * rate}' -> f'XXprice:{asked * rate}'": "constant",
        "shop:Shop.price: asked * rate -> asked // rate": "arithmetic",
        "shop:sum_of: return sum((each for each in rows if each >= 0)) -> return None": (
            "nothing returned"
        ),
        "shop:sum_of: (each for each in rows if each >= 0) -> (each for each in rows)": (
            "filter dropped"
        ),
        "shop:sum_of: each >= 0 -> each > 0": "comparison",
        "shop:sum_of: 0 -> 1": "constant",
    }


def test_the_words_of_a_table_and_the_signs_of_a_statement_are_changed(tmp_path: Path) -> None:
    path = tmp_path / "tables.py"
    path.write_text(
        'GRID = """\na b c d\ne f g h\n"""\n'
        'FIND = """\n    SELECT a FROM t WHERE b <= 1 AND c > 2\n"""\n'
    )
    assert set(changes(path)) == {
        "shop: a b c d -> a a c d",
        "shop: e f g h -> e e g h",
        "shop: SELECT a FROM t WHERE b <= 1 AND c > 2 -> SELECT a FROM t WHERE b > 1 AND c > 2",
        "shop: SELECT a FROM t WHERE b <= 1 AND c > 2 -> SELECT a FROM t WHERE b <= 1 OR c > 2",
        "shop: SELECT a FROM t WHERE b <= 1 AND c > 2 -> SELECT a FROM t WHERE b <= 1 AND c <= 2",
    }


def test_every_mutant_of_ours_compiles_differs_and_moves_no_line() -> None:
    for each in mutants.every(targets.modules()):
        before, after = each.path.read_bytes(), each.source()
        assert after.count(b"\n") == before.count(b"\n")
        assert ast.dump(ast.parse(after)) != ast.dump(ast.parse(before)), each.name


def test_every_mutant_that_is_called_equivalent_is_still_one() -> None:
    names = {each.name for each in mutants.every(targets.modules())}
    assert EQUIVALENT.keys() <= names
    assert all(reason.endswith(".") for reason in EQUIVALENT.values())
    assert len(EQUIVALENT) <= len(names) // 20


def outcome(shop: Path, module: str, *, dead: bool) -> Outcome:
    mutant = next(iter(mutants.of(module, shop)))
    assert isinstance(mutant, Mutant)
    return Outcome(mutant, Verdict.KILLED if dead else Verdict.SURVIVED, "", 0.0)


def test_a_group_that_is_below_the_gate_is_named_even_where_all_together_are_not(
    shop: Path,
) -> None:
    killed, alive = (outcome(shop, "domain.fold", dead=dead) for dead in (True, False))
    of_ledger = outcome(shop, "domain.purse", dead=False)

    assert report.below([killed] * 9 + [alive]) == []
    assert report.below([killed] * 8 + [alive]) == ["all"]
    assert report.below([killed] * 900 + [of_ledger] * 50) == ["ledger"]
    assert report.below([killed] * 900 + [of_ledger] * 49) == []
    assert report.score([]) == 1.0
