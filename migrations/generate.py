"""Write what is made from code: `python -m migrations.generate`.

`migrations/create_payment_tables.sql` is the whole schema for those who migrate with psql, and
`docs/state-machine.md` is the grid of `domain.transitions` for those who read. Both are committed;
a test holds them to what this makes.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command

from domain.transitions import TABLE, Decision, Event, Rule, State
from migrations.run import config

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]

SQL_FILE = "migrations/create_payment_tables.sql"
DRAWING_FILE = "docs/state-machine.md"

_SQL_HEAD = """\
-- The whole schema of Payratchet, for an empty database. Generated; do not edit:
--
--     python -m migrations.generate
--
-- Use it where `payratchet migrate` cannot reach the database but psql can:
--
--     psql $DATABASE_URL -v ON_ERROR_STOP=1 -f migrations/create_payment_tables.sql
--
-- One transaction: everything is there afterwards, or nothing. It leaves the same schema and the
-- same alembic_version as `payratchet migrate`, which takes over from there when the next version
-- comes. On a database that has the tables already it stops at once and changes nothing.

"""

_DRAWING_HEAD = """\
# The state machine of a payment

Generated from `domain/transitions.py` by `python -m migrations.generate`; do not edit. The grid
below is the specification: the same table makes the rows of `legal_transitions`, to which every
step in a payment's history has a foreign key, so no other step can be stored.

How to read it: facts from the provider are kept as a set, and the state is computed from the whole
set, in whichever order they came. The grid says which step the history may record when an event
changes that set. **A bold state** means that the payment moves there. A state *when whole* means
that it moves there only if the whole set of facts says so, and otherwise notes the event and stays
(a part of several refunds, a dispute among others). *noted* means that the history records the
event and the state stays. *waits* means that the fact is stored and has its effect when the capture
is known. *refused* means that there is no such step. *a person* means that an operator's correction
may lead to any other state. The drawing shows moves only: notes, waiting and corrections, which
may lead from anywhere to anywhere, are left out.

"""


def schema_sql() -> str:
    """Return all migrations as one script, in the words of Alembic's offline mode."""
    output = io.StringIO()
    command.upgrade(config("postgresql://", output), "head", sql=True)
    lines = (line.rstrip() for line in output.getvalue().strip().splitlines())
    return _SQL_HEAD + "\n".join(lines) + "\n"


def drawing() -> str:
    """Return the page that draws the grid and prints it."""
    return f"{_DRAWING_HEAD}{_diagram()}\n\n## The grid\n\n{_grid()}\n"


def _diagram() -> str:
    by_move: dict[tuple[State, State], list[str]] = {}
    for (state, event), decision in TABLE.items():
        if decision.target is not None and decision.target is not state:
            by_move.setdefault((state, decision.target), []).append(_label(event, decision))
    moves = [f"    {a} --> {b}: {', '.join(labels)}" for (a, b), labels in sorted(by_move.items())]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> pending", *moves, "```"])


def _label(event: Event, decision: Decision) -> str:
    return f"{event} (when whole)" if decision.rule is Rule.MOVE_WHEN_WHOLE else str(event)


def _grid() -> str:
    head = ["event", *State]
    rows = [[f"`{event}`", *(_cell(TABLE[state, event]) for state in State)] for event in Event]
    return "\n".join(_row(cells) for cells in (head, ["---"] * len(head), *rows))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


_WORDS: Mapping[Rule, str] = {
    Rule.NOTE: "*noted*",
    Rule.WAIT: "*waits*",
    Rule.REFUSE: "*refused*",
    Rule.PERSON: "*a person*",
}


def _cell(decision: Decision) -> str:
    if decision.target is None:
        return _WORDS[decision.rule]
    moves = f"**{decision.target}**"
    return f"{moves} *when whole*" if decision.rule is Rule.MOVE_WHEN_WHOLE else moves


def generated() -> dict[str, str]:
    """Return the text of every generated file, by its path in the repository."""
    return {SQL_FILE: schema_sql(), DRAWING_FILE: drawing()}


def main() -> int:
    """Write the files."""
    for path, text in generated().items():
        (ROOT / path).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
