"""Scenarios: a record to begin with, and a story that is played to its end again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crash.world import World


def nothing(world: World) -> None:
    """Begin with an empty record."""
    del world


class Scenario(NamedTuple):
    """One story.

    `prepare` makes the record that it begins with, where nothing is crashed. `story` is what is
    crashed: those outside ask for what they have no answer to, and processes of ours work; it is
    played again from its beginning by whoever comes after a crash. `forgives` names the tables, or
    columns (`table.column`), in which a crash may leave something else than an undisturbed run,
    each with the reason.
    """

    name: str
    story: Callable[[World], None]
    prepare: Callable[[World], None] = nothing
    forgives: tuple[tuple[str, str], ...] = ()
