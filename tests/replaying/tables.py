"""Everything that is stored, to hold a moment against another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.workers.scene import Scene

_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY 1
"""


def dump(scene: Scene) -> dict[str, list[str]]:
    """Return every row of every table, as text."""
    found = {}
    for (name,) in scene.rows(_TABLES):
        rows = scene.rows(f"SELECT t::text FROM {name} t")
        found[name] = sorted(row[0] for row in rows)
    return found
