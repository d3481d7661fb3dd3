"""Where an operator's command finds the running stores, and which account runs it."""

from __future__ import annotations

import getpass
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_FILE = Path(".data") / "run" / "env.json"
"""Where a local `up` or `demo` says which stores it runs."""

DATA = "PAYRATCHET_DATA"
"""The variable that names the data folder of a local run which keeps it elsewhere."""

SHARED = ("DATABASE_URL", "REDIS_URL", "PORT", "CONSOLE_PORT")


def adopt(*secrets: str) -> None:
    """Take over the addresses of a local service where the environment names none.

    Looks in the folder of the command and in that of the checkout. Production sets the
    environment, and nothing is read. `secrets` are further variables, which only the command at
    hand needs: no other gets to see them.
    """
    if os.environ.get("DATABASE_URL"):
        return
    said = next(_told(), {})
    for name in (*SHARED, *secrets):
        if name in said and not os.environ.get(name):
            os.environ[name] = str(said[name])


def is_local(database_url: str) -> bool:
    """Return whether a local `up` or `demo` is running on this database, by what it told."""
    return any(said.get("DATABASE_URL") == database_url for said in _told())


def user() -> str:
    """Return the name of the account that runs the command."""
    return getpass.getuser()


def _told() -> Iterator[dict[str, Any]]:
    """Yield what local services said of themselves, the nearest one first."""
    named = os.environ.get(DATA)
    folders = [Path.cwd(), Path(__file__).resolve().parents[2]]
    files = [folder / RUN_FILE for folder in folders]
    if named:
        files.insert(0, Path(named) / RUN_FILE.relative_to(RUN_FILE.parts[0]))
    for file in files:
        if file.is_file():
            yield json.loads(file.read_text())
