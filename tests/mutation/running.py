"""Run mutants: those of pure modules without stores, those of rows with stores of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mutation import examples, targets
from tests.mutation.errors import MutationRunFailed
from tests.mutation.proving import Ground

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.mutation.mutants import Mutant
    from tests.mutation.outcomes import Outcome

QUIET = (
    *(
        "-s",
        "-p",
        "no:unraisableexception",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-p",
        "no:terminal",
    ),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


def run(mutants: Sequence[Mutant], told: Callable[[Outcome], None]) -> None:
    """Tell what becomes of each mutant. Raises MutationRunFailed."""
    examples.same_each_time()
    pure = [each for each in mutants if each.module not in targets.WITH_STORES]
    rows = [each for each in mutants if each.module in targets.WITH_STORES]
    if pure:
        run_tests(pure, ["--noconftest", *QUIET], targets.PURE_TESTS, told)
    if rows:
        run_tests(rows, [*QUIET], targets.TESTS_WITH_STORES, told)


def run_tests(
    mutants: Sequence[Mutant],
    arguments: Sequence[str],
    tests: Sequence[str],
    told: Callable[[Outcome], None],
) -> None:
    """Run these tests against the mutants. Raises MutationRunFailed."""
    ground = Ground(mutants, arguments, told)
    code = pytest.main([*arguments, *tests], plugins=[ground])
    if ground.error is not None:
        raise MutationRunFailed(ground.error)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise MutationRunFailed(f"pytest ended with {code} before any mutant was made")
