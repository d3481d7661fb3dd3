"""`python -m tests.chaos --planted [NAME …]`: plants each bug in a short lab of its own."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from tests.chaos.planted.catalogue import BUGS
from tests.chaos.planted.trial import Verdict, controls, tried
from tests.chaos.progress import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.planted.bug import Bug

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
WHY_CHARACTERS = 300


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every bug is told, and nothing where there is none; 130 when stopped, else 1."""
    asked, bugs = _read(arguments)
    verdicts: list[Verdict] = []
    try:
        for bug in bugs:
            verdict = tried(bug, keep=asked.keep)
            verdicts.append(verdict)
            say(f"{bug.name}: {_became(verdict)}, {verdict.elapsed_s:.0f} s")
            for why in (*verdict.told_by.values(), *verdict.also.values()):
                say(f"  {why:.{WHY_CHARACTERS}}")
    except KeyboardInterrupt:
        say("Stopped.")
        return EXIT_INTERRUPTED
    if asked.json:
        told = {"planted": [as_json(each) for each in verdicts]}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        Console().print(_table(verdicts))
    return 0 if all(each.is_right for each in verdicts) else EXIT_FAILED


def _read(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, list[Bug]]:
    known = {bug.name: bug for bug in (*controls(), *BUGS.values())}
    parser = argparse.ArgumentParser(
        prog="dev.py chaos --planted",
        description="Plant bugs, one at a time, and see what tells of them.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--keep", action="store_true", help="keep the folder of each run")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in known]:
        parser.error(f"there is no bug {', '.join(unknown)}")
    return asked, [known[name] for name in asked.names or known]


def _became(verdict: Verdict) -> str:
    if verdict.error:
        return verdict.error
    if not verdict.bug.told_by:
        return "nothing is told" if verdict.is_right else f"told by {'; '.join(verdict.also)}"
    if verdict.is_right:
        return f"told by {'; '.join(verdict.told_by)}"
    return f"NOT TOLD, but for {'; '.join(verdict.also) or 'nothing'}"


def as_json(verdict: Verdict) -> dict[str, object]:
    """Return what scripts read of a trial."""
    return {
        "bug": verdict.bug.name,
        "sentence": verdict.bug.sentence,
        "saved_by": verdict.bug.saved_by,
        "is_right": verdict.is_right,
        "told_by": dict(verdict.told_by),
        "also": dict(verdict.also),
        "elapsed_s": round(verdict.elapsed_s, 1),
        **({"error": verdict.error} if verdict.error else {}),
    }


def _table(verdicts: Sequence[Verdict]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="Planted bugs")
    for title in ("", "bug", "what is wrong", "told by", "s"):
        table.add_column(title, overflow="fold")
    for each in verdicts:
        saved = f" ({each.bug.saved_by} saves it)" if each.bug.saved_by else ""
        table.add_row(
            "✓" if each.is_right else "✗",
            each.bug.name,
            each.bug.sentence + saved,
            _became(each).removeprefix("told by "),
            f"{each.elapsed_s:.0f}",
        )
    return table
