"""Planting: what a process of the lab must be told, and what the database's owner runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from tests.chaos.errors import LabFailed
from tests.chaos.faults.injections import INJECTED, LOADS
from tests.chaos.planted import installing
from tests.chaos.planted.catalogue import BUGS
from tests.local.service import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.chaos.planted.bug import Bug

PATHS = f"{INJECTED}:{ROOT}"


def named(names: Iterable[str]) -> list[Bug]:
    """Return the bugs of these names. Raises LabFailed for one that there is not."""
    try:
        return [BUGS[name] for name in names]
    except KeyError as error:
        raise LabFailed(f"there is no bug {error}; there are {', '.join(BUGS)}") from error


def planted(
    injections: Mapping[str, Mapping[str, str]], names: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return the further environment of each process, with what plants these bugs in it."""
    told = {process: dict(environment) for process, environment in injections.items()}
    for bug in named(names):
        for process in bug.where if bug.plants else ():
            _tell(told.setdefault(process, {}), bug)
    return told


def _tell(environment: dict[str, str], bug: Bug) -> None:
    loads = [*filter(None, environment.get(LOADS, "").split(","))]
    if installing.__name__ not in loads:
        loads.append(installing.__name__)
    words = [environment.get(installing.VARIABLE, ""), *(plant.word for plant in bug.plants)]
    environment["PYTHONPATH"] = PATHS
    environment[LOADS] = ",".join(loads)
    environment[installing.VARIABLE] = " ".join(dict.fromkeys(" ".join(words).split()))


def change(database_url: str, names: Iterable[str]) -> None:
    """Run the statements of these bugs as the owner of the database, before there is traffic."""
    statements = [statement for bug in named(names) for statement in bug.statements]
    if not statements:
        return
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
