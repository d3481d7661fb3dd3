"""The overview: whether all is well, read in five seconds."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from domain.operators import Role
from workers.console.page import Page
from workers.console.plotted import MINUTES, plots, rates
from workers.operations.sources import listen
from workers.store import (
    console_views,
    overview_views,
    reconciliation_views,
    refunds_shown,
    samples,
)
from workers.store.overview_views import SUMMED_MAX
from workers.store.samples import COUNTED_MAX

if TYPE_CHECKING:
    from datetime import datetime

    from workers.console.page import Asked, Context
    from workers.database import Transaction

    Shown = dict[str, Any]

OLDEST_LATE_S = 60.0
"""Unfinished work older than this needs a look."""

COVERED_LATE_S = 2 * 86_400
"""A reconciliation that covers less than until then needs a look."""


def _read(asked: Asked, tx: Transaction) -> Context:
    taken = samples.recent(tx, minutes=MINUTES)
    letters = overview_views.set_aside(tx)
    backlog, waiting = overview_views.backlog(tx), overview_views.waiting(tx)
    heard = listen(tx)
    covered = reconciliation_views.covered(tx)
    is_late = (backlog["oldest_s"] or 0) > OLDEST_LATE_S
    undecided = {
        "reviews": console_views.in_review(tx),
        "refunds": refunds_shown.unanswered(tx),
        "approvals": waiting["approvals"],
        "paused": waiting["paused_replays"],
    }
    stale = [each for each in covered if _is_stale(each["covered_through"], asked.now)]
    silent = [each for each in heard if each.is_silent]
    return {
        "rates": rates(taken, overview_views.counters(tx), asked.now),
        "delays": overview_views.delays(tx),
        "backlog": backlog,
        "is_late": is_late,
        "undecided": undecided,
        "reasons": _by_reason(letters),
        "risk": _risk(letters, taken),
        "silence": heard,
        "silent": silent,
        "covered": covered,
        "stale": stale,
        "plots": plots(taken, asked.now),
        "counted_max": COUNTED_MAX,
        "is_cut": sum(each["letters"] for each in letters) >= SUMMED_MAX,
        "is_calm": not (any(undecided.values()) or letters or is_late or silent or stale),
    }


def _by_reason(letters: list[Shown]) -> list[Shown]:
    """Return the open letters by reason, the most first, each with its money by currency."""
    by_reason: dict[str, Shown] = {}
    for row in letters:
        empty = {"reason": row["reason"], "letters": 0, "oldest_at": row["oldest_at"], "money": {}}
        kept = by_reason.setdefault(row["reason"], empty)
        kept["letters"] += row["letters"]
        kept["oldest_at"] = min(kept["oldest_at"], row["oldest_at"])
        if row["currency"] is not None:
            kept["money"][row["currency"]] = row["amount_minor"]
    return sorted(by_reason.values(), key=lambda each: (-each["letters"], each["reason"]))


def _risk(letters: list[Shown], taken: list[Shown]) -> list[Shown]:
    """Return, by currency, what letters are about now and what customers owed a minute ago."""
    set_aside: dict[str, int] = defaultdict(int)
    for row in letters:
        if row["currency"] is not None:
            set_aside[row["currency"]] += row["amount_minor"]
    owed: dict[str, int] = taken[-1]["owed_minor"] if taken else {}
    return [
        {
            "currency": currency,
            "set_aside_minor": set_aside.get(currency, 0),
            "owed_minor": owed.get(currency, 0),
        }
        for currency in sorted({*set_aside, *owed})
    ]


def _is_stale(covered_through: datetime | None, now: datetime) -> bool:
    return covered_through is None or (now - covered_through).total_seconds() > COVERED_LATE_S


PAGES = (Page("/", Role.VIEWER, "Overview", "overview.html", _read),)
