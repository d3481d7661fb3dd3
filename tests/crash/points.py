"""Points: the boundaries that one run passes, counted; at the one it is told to, it ends itself.

A point has a name: before or after a site, and how often that boundary had been passed. So it is
found again in the next run, whatever other threads do meanwhile.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from tests.crash import sites

if TYPE_CHECKING:
    from types import FrameType

CRASHED = 137
"""The exit code of whoever is killed, and of our own crash."""

BEFORE, AFTER = "before", "after"

ROOT = f"{sites.ROOT}/"
OURS = tuple(f"{ROOT}{package}/" for package in sites.PACKAGES)
DRIVER = f"{Path(psycopg.__file__).parent}/"

ENDS = frozenset({"__enter__", "__exit__", "__aenter__", "__aexit__"})
"""Functions of the driver that begin and end what a `with` is about."""

PASSES_ON = frozenset(
    {
        ("workers/database.py", "transaction", "with"),
        ("workers/database.py", "statement", "with"),
        ("workers/broker.py", "execute_command", "call"),
    }
)
"""Functions of ours whose callers are the sites of what they do."""


class Passed(NamedTuple):
    """A boundary that a thread has passed; `name` is its point's."""

    thread: str
    phase: str
    site: str
    name: str


class Points:
    """Counts boundaries while it `is_on`, and ends the process at its `target`.

    Sites whose names begin with one of those `left_out` are not counted: they come at any moment.
    """

    def __init__(self, target: str | None) -> None:
        self.target = target
        self.passed: list[Passed] = []
        self.strange: set[str] = set()
        self.is_on = False
        self.left_out: tuple[str, ...] = ()
        self._counted: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def reach(self, phase: str, site: str | None) -> None:
        """Take note of a boundary. At the target nothing more happens, ever."""
        if not self.is_on or site is None:
            return
        with self._lock:
            self._counted[phase, site] += 1
            name = f"{phase} {site} ({self._counted[phase, site]})"
            if name == self.target:
                os._exit(CRASHED)
            self.passed.append(Passed(threading.current_thread().name, phase, site, name))

    def site(self, kind: str) -> str | None:
        """Return the site that the seam is called for; None while nothing counts.

        What the scan does not know is kept as strange, under the name of its place.
        """
        if not self.is_on:
            return None
        frame, kind = _nearest(kind)
        if frame is None:
            return None
        path = frame.f_code.co_filename.removeprefix(ROOT)
        found = sites.at(path, frame.f_lineno, kind)
        if found is None:
            place = f"{path}:{frame.f_code.co_qualname}:{frame.f_lineno} ({kind})"
            self.strange.add(place)
            return place
        return None if found.name.startswith(self.left_out) else found.name


def _nearest(kind: str) -> tuple[FrameType | None, str]:
    """Return the frame of ours that is nearest to the seam, and as what the site is written."""
    frame: FrameType | None = sys._getframe(3)  # noqa: SLF001 - there is no other way to ask
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(DRIVER) and code.co_name in ENDS:
            kind = "with"
        path = code.co_filename.removeprefix(ROOT)
        if code.co_filename.startswith(OURS) and (path, code.co_name, kind) not in PASSES_ON:
            return frame, kind
        frame = frame.f_back
    return None, kind


class Moment(NamedTuple):
    """A boundary, the point that stands for its moment, and the transaction that it is in."""

    point: str
    passed: Passed
    within: str | None

    @property
    def kind(self) -> tuple[str | None, str, str]:
        """Return what it has in common with others of its kind."""
        return (self.within, self.passed.phase, self.passed.site)

    @property
    def is_plain(self) -> bool:
        """Whether it is a statement in a transaction, and not an end of one or a word to others."""
        return self.within is not None and ":execute#" in self.passed.site


def moments(passed: list[Passed]) -> list[Moment]:
    """Return the boundaries with their moments, in their order.

    What follows one boundary and what precedes the next of the same thread are one moment, for
    which the first stands, unless something else was passed between them.
    """
    found: list[Moment] = []
    last: Passed | None = None
    open_: dict[str, str | None] = {}
    for each in passed:
        within = open_.get(each.thread)
        is_same = last is not None and (last.thread, last.phase) == (each.thread, AFTER)
        point = last.name if last is not None and is_same and each.phase == BEFORE else each.name
        found.append(Moment(point, each, within))
        if each.phase == AFTER and ":transaction#" in each.site and within in (None, each.site):
            open_[each.thread] = None if within else each.site
        last = each
    return found


def chosen(passed: list[Passed], seen: set[tuple[str | None, str, str]] | None = None) -> list[str]:
    """Return the points to crash at, so that each boundary that was passed has been crashed at.

    With `seen` only the first of its kind of plain statements, those included that were seen
    before: the others are left to whoever has more time.
    """
    found: dict[str, None] = {}
    for each in moments(passed):
        if seen is None or not each.is_plain or each.kind not in seen:
            found[each.point] = None
        if seen is not None:
            seen.add(each.kind)
    return list(found)


def crashed_at(passed: list[Passed], missed: set[str]) -> set[tuple[str, str]]:
    """Return the boundaries, (phase, site), that were crashed at but for the points `missed`."""
    return {
        (each.passed.phase, each.passed.site)
        for each in moments(passed)
        if each.point not in missed
    }


def others(passed: list[Passed], boundary: tuple[str, str]) -> list[str]:
    """Return all points of a boundary by their own names, whatever stands for their moments."""
    return [each.name for each in passed if (each.phase, each.site) == boundary]
