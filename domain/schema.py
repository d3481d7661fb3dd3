"""The schema of the database that this code was written for."""

from __future__ import annotations

REVISION = "0010"
"""The newest migration. A process does not start on any other: it could not say what it writes."""


def mismatch(found: str | None) -> str | None:
    """Return why this code must not start on a database of that revision; None where it may.

    `found` None: there is no schema at all.
    """
    if found == REVISION:
        return None
    if found is None:
        return "the database has no schema: run `payratchet migrate` first."
    if found < REVISION:
        return (
            f"the schema is older ({found}) than this code ({REVISION}): run `payratchet migrate`"
            " first."
        )
    return (
        f"the schema is newer ({found}) than this code ({REVISION}): start the release that"
        " migrated it, or go back with its `migrate`."
    )
