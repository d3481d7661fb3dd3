"""The operator: a person at a terminal, with the commands that everybody has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.demo.errors import CommandFailed
from tests.local.service import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.simulator.books import Sale

COMMAND = Path(sys.executable).parent / "payratchet"
COMMAND_S_MAX = 60.0
LETTERS_MAX = 200


class Operator:
    """Runs `payratchet … --json`; raises CommandFailed with what it said."""

    def __init__(self, environment: Mapping[str, str], papers: Path) -> None:
        self._environment = dict(environment)
        self._papers = papers

    def announce(self, sales: Sequence[Sale], *, reason: str) -> int:
        """Make payments known from a file; return how many were new."""
        file = self._papers / "payments.jsonl"
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text("".join(f"{json.dumps(_asked(sale))}\n" for sale in sales))
        told = self.run("payments", "create", "--file", str(file), "--yes", "--reason", reason)
        return int(told["created"])

    def letters(self, **filters: str) -> list[dict[str, Any]]:
        """List open dead letters."""
        words = [word for name, value in filters.items() for word in (f"--{name}", value)]
        told = self.run("dead-letters", "list", "--limit", str(LETTERS_MAX), *words)
        items: list[dict[str, Any]] = told["items"]
        return items

    def replay(self, letter_ids: Sequence[int], *, reason: str) -> dict[str, Any]:
        """Give dead letters another try; return what the command reports."""
        ids = [str(letter_id) for letter_id in letter_ids]
        return self.run("dead-letters", "replay", *ids, "--yes", "--reason", reason)

    def discard(self, letter_id: int, *, reason: str) -> None:
        """Let a dead letter go."""
        self.run("dead-letters", "discard", str(letter_id), "--reason", reason)

    def audit(self) -> dict[str, Any]:
        """Have every hash and sum recomputed; what does not hold is in the answer."""
        return self.run("audit", "verify", may_refuse=True)

    def run(self, *words: str, may_refuse: bool = False) -> dict[str, Any]:
        """Run a command to its end and return what it printed."""
        shown = f"payratchet {' '.join(words)}"
        try:
            done = subprocess.run(
                [COMMAND, *words, "--json"],
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=COMMAND_S_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandFailed(f"`{shown}` did not end within {COMMAND_S_MAX:.0f} s") from error
        if done.returncode != 0 and not (may_refuse and done.stdout):
            raise CommandFailed(f"`{shown}` ended with {done.returncode}.\n{done.stderr.strip()}")
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def _asked(sale: Sale) -> dict[str, object]:
    return {
        "provider": sale.provider,
        "reference": sale.reference,
        "amount_minor": sale.amount_minor,
        "currency": sale.currency,
        "customer_id": sale.customer_id,
    }
