"""Enumeration: a story is played once undisturbed, then to its end after each of its crashes."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from tests.crash import digest
from tests.crash.played import finished, played, prepared
from tests.crash.points import chosen, crashed_at, others

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from tests.crash.played import Ground, Planted, Run
    from tests.crash.scenario import Scenario
    from tests.crash.stage import Stage

    Seen = set[tuple[str | None, str, str]]


TRIES_MAX = 3
"""How often a point is tried that was not reached."""

LOOKS_MAX = 500
LOOK_S = 0.002
"""How often, and how soon again, it is looked whether a dead process' sessions have ended."""

_OTHERS = """
    SELECT count(*)::int FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend'
"""


class Violation(NamedTuple):
    """A crash, or two, after which something is not as it must be."""

    scenario: str
    points: tuple[str, ...]
    what: tuple[str, ...]

    def __str__(self) -> str:
        """Return it for people."""
        where = " and then ".join(self.points) or "no crash"
        return "\n    ".join([f"{self.scenario}, {where}:", *self.what[:12]])


class Enumerated(NamedTuple):
    """What was passed and crashed at in one scenario, and what came of it.

    `crashed` has the boundaries, (phase, site); `points` those that were tried, one by one.
    """

    scenario: str
    points: list[str]
    crashed: set[tuple[str, str]]
    strange: list[str]
    violations: list[Violation]

    @property
    def sites(self) -> set[str]:
        """Return the sites both of whose boundaries were crashed at."""
        return {site for _, site in self.crashed}


class Enumeration:
    """One scenario's runs, all from the same beginning."""

    def __init__(self, stage: Stage, scenario: Scenario, plant: Planted | None = None) -> None:
        self._stage = stage
        self._scenario = scenario
        self._plant = plant
        self._ends: dict[str, list[str]] = {}
        self._lent = contextlib.ExitStack()
        self._ground: Ground | None = None
        self._beginning = ""

    def crash_everywhere(self, seen: Seen | None = None) -> Enumerated:
        """Crash at each point once; at plain statements of a kind that was `seen` not again."""
        with self._begun() as begun:
            run, expected = self._undisturbed(begun)
            points = chosen(run.passed, seen)
            came = {point: self._crashed(begun, expected, (point,)) for point in points}
            missed = {point for point, what in came.items() if what is None}
            crashed = crashed_at(run.passed, missed)
            for boundary in sorted(crashed_at(run.passed, set()) - crashed):
                for point in others(run.passed, boundary):
                    came[point] = self._crashed(begun, expected, (point,))
                    crashed |= {boundary} if came[point] is not None else set()
            violations = [self._violation((point,), what) for point, what in came.items() if what]
            violations += [
                self._violation((f"{phase} {site}",), ["was never reached again"])
                for phase, site in sorted(crashed_at(run.passed, set()) - crashed)
            ]
            return Enumerated(self._scenario.name, points, crashed, run.strange, violations)

    def crash_some(self, chance: random.Random, count: int, *, depth: int) -> Enumerated:
        """Crash so often at points drawn by chance, `depth` of them one after the other.

        The later ones are in what is done after the first.
        """
        with self._begun() as begun:
            run, expected = self._undisturbed(begun)
            points = chosen(run.passed)
            drawn = [tuple(chance.choice(points) for _ in range(depth)) for _ in range(count)]
            violations = [
                self._violation(targets, came)
                for targets in drawn
                if (came := self._crashed(begun, expected, targets))
            ]
            return Enumerated(self._scenario.name, points, set(), run.strange, violations)

    def trace(self) -> Enumerated:
        """Play the story undisturbed."""
        with self._begun() as begun:
            run, _ = self._undisturbed(begun)
            crashed = crashed_at(run.passed, set())
            return Enumerated(self._scenario.name, chosen(run.passed), crashed, run.strange, [])

    @contextlib.contextmanager
    def _begun(self) -> Iterator[Ground]:
        self._stage.forget()
        with self._stage.ground() as ground:
            require(prepared(self._scenario, ground), "the scenario cannot be prepared")
            self._beginning = left_behind(ground, {})
            with self._lent:
                yield ground

    def _undisturbed(self, begun: Ground) -> tuple[Run, Run]:
        self._stage.forget()
        with self._stage.ground(begun) as ground:
            run = require(
                played(self._scenario, ground, plant=self._plant), "the story cannot be played"
            )
            return run, require(finished(self._scenario, ground, run.answers), "no end is found")

    def _crashed(self, begun: Ground, expected: Run, targets: tuple[str, ...]) -> list[str] | None:
        """Crash at one point after the other; say how the end differs from that without a crash.

        None where the first point was not reached, again and again: threads take turns otherwise.
        A later one need not be reached: then what was left to do has been done without it.
        """
        for _ in range(TRIES_MAX):
            ground, answers = self._untouched(begun), dict[str, Any]()
            first = None
            for target in targets:
                run = played(
                    self._scenario, ground, target=target, answers=answers, plant=self._plant
                )
                first, answers = first or run, run.answers
                if run.error:
                    self._lent.close()
                    return [run.error]
            if first is not None and first.crashed:
                return self._ended(ground, expected, answers)
            self._lent.close()
        return None

    def _untouched(self, begun: Ground) -> Ground:
        """Return a ground as at the beginning: the last one, where a crash has left it so."""
        if self._ground is None:
            self._ground = self._lent.enter_context(self._stage.ground(begun))
            self._lent.callback(self._forget)
        self._stage.forget()
        return self._ground

    def _forget(self) -> None:
        self._ground = None

    def _violation(self, at: tuple[str, ...], what: Sequence[str]) -> Violation:
        return Violation(self._scenario.name, at, tuple(what))

    def _ended(self, ground: Ground, expected: Run, answers: dict[str, Any]) -> list[str]:
        """Play to the end, unless the same was left behind before: then the end is the same."""
        behind = left_behind(ground, answers)
        if behind not in self._ends:
            end = finished(self._scenario, ground, answers)
            self._ends[behind] = compared(expected, end)
            self._lent.close()
        elif behind != self._beginning:
            self._lent.close()
        return self._ends[behind]


def left_behind(ground: Ground, answers: dict[str, Any]) -> str:
    """Return all that a dead process has left: the record, the provider's books, what was answered.

    Whoever comes after it knows nothing else. What is in Redis may be lost at any moment, and is
    not looked at.
    """
    with psycopg.connect(ground.url, autocommit=True) as connection:
        for _ in range(LOOKS_MAX):
            if connection.execute(_OTHERS).fetchone() == (0,):
                break
            time.sleep(LOOK_S)
        record = digest.taken(connection, left_out=())
    books = [file.read_bytes().hex() for file in sorted(ground.folder.iterdir())]
    return json.dumps([record, books, digest.plain(answers)])


def compared(expected: Run, end: Run) -> list[str]:
    """Return what is otherwise than it would be without a crash."""
    if end.code:
        return [end.error or f"it ended with {end.code}"]
    before, after = expected.found["record"], end.found["record"]
    said = [*end.found["problems"], *digest.differences(before, after)]
    if expected.found["provider"] != end.found["provider"]:
        said.append(f"the provider: {end.found['provider']}, not {expected.found['provider']}")
    said += [
        f"{name} was answered {end.answers.get(name)!r}, not {answer!r}"
        for name, answer in expected.answers.items()
        if not _is_alike(end.answers.get(name), answer)
    ]
    return said


def _is_alike(told: object, expected: object) -> bool:
    """Say whether two answers are the same, but for a row's number: a crash may use some up."""
    if {type(told), type(expected)} == {int}:
        return True
    return digest.plain(told) == digest.plain(expected)


def require(run: Run, why: str) -> Run:
    """Return the run. Raises AssertionError where it did not end well."""
    assert run.code == 0, f"{why}: {run.error or run.code}"
    return run
