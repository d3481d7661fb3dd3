"""Reconciliation: until when all is compared, and what was different."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.operators import Role
from domain.providers import PROVIDERS
from workers.console import queries
from workers.console.page import NotThere, Page
from workers.store import reconciliation_views

if TYPE_CHECKING:
    from workers.console.page import Asked, Context
    from workers.database import Transaction

PROVIDER_NAMES = tuple(sorted(PROVIDERS))


def _list(asked: Asked, tx: Transaction) -> Context:
    provider = queries.one_of(asked, "provider", PROVIDER_NAMES)
    return {
        "covered": reconciliation_views.covered(tx, provider=provider),
        "runs": reconciliation_views.runs(tx, provider=provider, limit=queries.ROWS_MAX),
        "filters": {"provider": provider},
        "providers": PROVIDER_NAMES,
    }


def _one(asked: Asked, tx: Transaction) -> Context:
    run_id = queries.whole(asked.path["run_id"], "the run")
    found = reconciliation_views.run(tx, run_id)
    if found is None:
        raise NotThere(f"there is no run {run_id}")
    return {"run": found, "title": f"Reconciliation run {run_id}"}


PAGES = (
    Page("/reconciliation", Role.VIEWER, "Reconciliation", "reconciliation.html", _list),
    Page(
        "/reconciliation/{run_id}",
        Role.VIEWER,
        "Reconciliation run",
        "reconciliation_run.html",
        _one,
        sample={"run_id": "1"},
    ),
)
