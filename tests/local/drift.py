"""`python -m tests.local.drift`: what is written twice must say the same; lists where it does not.

The migrations make the schema; `migrations/tables/` describes it, three files are generated from
code, and the rows of `legal_transitions` repeat `domain.transitions`. Needs the packages of the
virtual environment; always starts throw-away stores of its own.
"""

from __future__ import annotations

import difflib
import re
import sys
from typing import TYPE_CHECKING

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from domain.transitions import LEGAL, Edge, Event, State
from migrations import generate, run
from migrations.tables import METADATA
from tests.docs import providers_page
from tests.local import throw_away
from tests.local.errors import LocalRunFailed
from tests.local.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

PARTITION = re.compile(r"inbound_events_\d{4}_\d{2}")
DIFF_LINES_MAX = 20
OTHER_TABLES = {"alembic_version"}


def differences(database_url: str) -> list[str]:
    """Return every difference between a migrated database, the code and the generated files."""
    engine = create_engine(run.sqlalchemy_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        return [
            *_tables(connection),
            *_primary_keys(connection),
            *_transitions(connection),
            *_files(),
        ]


def _tables(connection: Connection) -> Iterator[str]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_object": _is_described}
    )
    for found in compare_metadata(context, METADATA):
        yield f"migrations/tables/ differs from the migrations: {found}"


def _is_described(_: object, name: str | None, kind: str, *__: object) -> bool:
    return kind != "table" or (name not in OTHER_TABLES and not PARTITION.fullmatch(name or ""))


def _primary_keys(connection: Connection) -> Iterator[str]:
    """Compare what Alembic does not."""
    inspector = inspect(connection)
    for table in METADATA.sorted_tables:
        if not inspector.has_table(table.name):
            continue
        there = inspector.get_pk_constraint(table.name)
        said = (table.primary_key.name, table.primary_key.columns.keys())
        if said != (there["name"], there["constrained_columns"]):
            yield f"migrations/tables/ differs in the primary key of {table.name}: {there}"


def _transitions(connection: Connection) -> Iterator[str]:
    rows = connection.execute(text("SELECT from_state, event, to_state FROM legal_transitions"))
    there = {Edge(State(row[0]), Event(row[1]), State(row[2])) for row in rows}
    for edge in sorted(LEGAL - there):
        yield f"legal_transitions lacks {edge.from_state}, {edge.event}, {edge.to_state}"
    for edge in sorted(there - LEGAL):
        yield f"legal_transitions allows {edge.from_state}, {edge.event}, {edge.to_state}"


def _files() -> Iterator[str]:
    for generator in (generate, providers_page):
        for path, made in generator.generated().items():
            file = generate.ROOT / path
            kept = file.read_text() if file.exists() else ""
            if kept != made:
                yield f"{path} is stale; run `python -m {generator.__name__}`:{_shown(kept, made)}"


def _shown(kept: str, made: str) -> str:
    changes = list(difflib.unified_diff(kept.splitlines(), made.splitlines(), lineterm=""))
    return "".join(f"\n    {line}" for line in changes[2 : 2 + DIFF_LINES_MAX])


def report(found: Sequence[str]) -> int:
    """Print what was found; return 1 when that is anything."""
    for difference in found:
        print(f"- {difference}")
    print(f"{len(found)} differences" if found else "no drift")
    return 1 if found else 0


def main() -> int:
    """Compare with a database of its own."""
    try:
        with throw_away.folder() as folder, Stores(folder, throw_away=True) as stores:
            run.upgrade(stores.database_url)
            return report(differences(stores.database_url))
    except LocalRunFailed as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
