"""The tests as pytest collects them, and what becomes of each mutant under them."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.mutation import changing, children, examples, tracing
from tests.mutation.errors import MutationRunFailed
from tests.mutation.nested import Only, error_of
from tests.mutation.outcomes import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from tests.mutation.mutants import Mutant, Scope

PATIENCE_S = 4.0
"""Seconds of the processor for the tests of one mutant: what takes longest is left out, of tests
that are not about its module first."""

SLOWER = 6.0
"""How many times longer than without a change tests may take of the processor."""

SPARE_S = 5.0
"""Seconds of the processor beyond that: a mutant that needs all modules anew takes most of it."""

BASELINE_S_MAX = 600.0
"""Seconds that all tests may take, traced, without a change."""

UNFIT = "unfit"
"""Said of a mutant whose code cannot be exchanged in place."""

FILES_AT_FIRST = 3
"""Test files that are tried before all others where all has to be imported anew."""


class Seen(NamedTuple):
    """A test without any change: how long it takes, and which functions it calls."""

    took_s: float
    called: tracing.Called
    error: str


class Ground:
    """A plugin of pytest: collects the tests, and runs mutants in the place of them."""

    def __init__(
        self, mutants: Sequence[Mutant], arguments: Sequence[str], told: Callable[[Outcome], None]
    ) -> None:
        self.error: str | None = None
        self._mutants = mutants
        self._arguments = list(arguments)
        self._told = told
        self._files = {each.path for each in mutants}
        self._at_import: tracing.Called = set()
        self._functions: changing.Functions = {}
        self._seen: list[Seen] = []
        self._items: list[pytest.Item] = []
        self._by_call: dict[tuple[str, Scope], list[int]] = defaultdict(list)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Note what runs when our modules are imported."""
        with tracing.traced(self._files) as called:
            collected = yield
        self._at_import = called
        return collected

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every mutant in the place of the tests."""
        self._items = session.items
        for item in self._items:
            examples.bound(item)
        self._functions = changing.functions_of(self._files)
        # Children share what there is by now: looking it through would copy all of it.
        gc.freeze()
        try:
            self._look_on()
            self._control()
        except MutationRunFailed as error:
            self.error = str(error)
            return True
        for mutant in self._mutants:
            self._told(self._judged(mutant))
        return True

    def _look_on(self) -> None:
        """See all tests pass, and what they call."""
        seen = children.ask(self._traced, within_s=BASELINE_S_MAX)
        if not seen:
            raise MutationRunFailed(f"{len(self._items)} tests did not end without any change")
        for item, one in zip(self._items, seen, strict=True):
            if one.error:
                raise MutationRunFailed(f"{item.nodeid} fails without any change:\n{one.error}")
        self._seen = seen
        for at, one in enumerate(seen):
            for call in one.called:
                self._by_call[call].append(at)

    def _traced(self) -> list[Seen]:
        codes = tracing.have_noted(self._functions)
        found = []
        for item, following in zip(self._items, [*self._items[1:], None], strict=True):
            codes.clear()
            began_s = time.process_time()
            error = error_of(item, following)
            found.append(Seen(time.process_time() - began_s, tracing.scopes(codes), error))
        return found

    def _control(self) -> None:
        """See one test of each file pass when all is imported anew and nothing is changed."""
        firsts = {item.path: at for at, item in reversed(list(enumerate(self._items)))}
        chosen = list(firsts.values())
        if self._anew(None, chosen, within_s=BASELINE_S_MAX) != "":
            raise MutationRunFailed("tests fail when all is imported anew without any change")

    def _judged(self, mutant: Mutant) -> Outcome:
        began_s = time.perf_counter()
        verdict, by = self._verdict(mutant)
        return Outcome(mutant, verdict, by, time.perf_counter() - began_s)

    def _verdict(self, mutant: Mutant) -> tuple[Verdict, str]:
        chosen = self._chosen(mutant)
        within_s = SLOWER * sum(self._seen[at].took_s for at in chosen) + SPARE_S
        call = (str(mutant.path.resolve()), mutant.scope)
        if mutant.scope.name:
            by = self._in_place(mutant, chosen, within_s)
            if by not in ("", UNFIT):
                return _as_verdict(by)
            if call not in self._at_import and by != UNFIT:
                return Verdict.SURVIVED, ""
        for some in self._in_turns(mutant, chosen):
            by = self._anew(mutant, some, within_s=within_s)
            if by != "":
                return _as_verdict(by)
        return Verdict.SURVIVED, ""

    def _chosen(self, mutant: Mutant) -> list[int]:
        """Return the tests that can notice, those about the module and the quickest first.

        What runs at import may be noticed by whoever calls anything of the module, and by tests
        that are about it and call nothing.
        """
        file = str(mutant.path.resolve())
        about = {at for at, item in enumerate(self._items) if _is_about(item, mutant)}
        found = set(self._by_call.get((file, mutant.scope), ()))
        if not mutant.scope.name or (file, mutant.scope) in self._at_import:
            found |= about
            for call, ats in self._by_call.items():
                if call[0] == file:
                    found.update(ats)
        chosen, sum_s = [], 0.0
        for at in sorted(found, key=lambda at: (at not in about, self._seen[at].took_s)):
            sum_s += self._seen[at].took_s
            if sum_s > PATIENCE_S:
                break
            chosen.append(at)
        return chosen

    def _in_turns(self, mutant: Mutant, chosen: Sequence[int]) -> list[list[int]]:
        """Share out tests: those of the files that are most about the module come first."""
        about: dict[Path, int] = defaultdict(int)
        for at in chosen:
            about[self._items[at].path] += 1
        named = f"test_{mutant.path.stem}.py"
        ranked = sorted(about, key=lambda path: (path.name != named, -about[path]))
        first = set(ranked[:FILES_AT_FIRST])
        turns = [
            [at for at in chosen if self._items[at].path in first],
            [at for at in chosen if self._items[at].path not in first],
        ]
        return [turn for turn in turns if turn]

    def _in_place(self, mutant: Mutant, chosen: Sequence[int], within_s: float) -> str | None:
        """Return the first test that fails, "" where none does, None where they do not end."""

        def work() -> str:
            file = str(mutant.path.resolve())
            if not changing.exchange(self._functions, file, changing.code_of(mutant)):
                return UNFIT
            for at in chosen:
                if error_of(self._items[at], None):
                    return self._items[at].nodeid
            return ""

        by: str | None = children.ask(work, within_s=within_s)
        return by

    def _anew(self, mutant: Mutant | None, chosen: Sequence[int], within_s: float) -> str | None:
        """Do the same with all modules imported anew."""
        ids = {self._items[at].nodeid for at in chosen}
        modules = {getattr(item, "module", changing).__name__ for item in self._items}
        files = sorted({str(self._items[at].path) for at in chosen})

        def work() -> str:
            changing.import_anew(mutant, modules)
            only = Only(ids)
            code = pytest.main([*self._arguments, "-x", *files], plugins=[only])
            return "" if code == 0 else only.failed or "collection"

        by: str | None = children.ask(work, within_s=within_s + SPARE_S)
        return by


def _is_about(item: pytest.Item, mutant: Mutant) -> bool:
    """Say whether the test's file has imported the module, or something of it."""
    test = getattr(item, "module", None)
    return any(
        mutant.module in (getattr(each, "__module__", ""), getattr(each, "__name__", ""))
        for each in vars(test).values()
    )


def _as_verdict(by: str | None) -> tuple[Verdict, str]:
    return (Verdict.TIMED_OUT, "") if by is None else (Verdict.KILLED, by)
