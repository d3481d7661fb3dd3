"""Where an operator's command finds the running stores, and who the operator is."""

from __future__ import annotations

import getpass
import json
import os
from pathlib import Path

RUN_FILE = Path(".data") / "run" / "env.json"
"""Where a local `up` or `demo` says which stores it runs."""

SHARED = ("DATABASE_URL", "REDIS_URL", "PORT", "CONSOLE_PORT")


def adopt(*secrets: str) -> None:
    """Take over the addresses of a local service where the environment names none.

    Looks in the folder of the command and in that of the checkout. Production sets the
    environment, and nothing is read. `secrets` are further variables, which only the command at
    hand needs: no other gets to see them.
    """
    if os.environ.get("DATABASE_URL"):
        return
    for folder in (Path.cwd(), Path(__file__).resolve().parents[2]):
        found = folder / RUN_FILE
        if found.is_file():
            said = json.loads(found.read_text())
            for name in (*SHARED, *secrets):
                if name in said and not os.environ.get(name):
                    os.environ[name] = str(said[name])
            return


def actor() -> str:
    """Return who acts, as the history names them."""
    return f"operator:{getpass.getuser()}"
