"""Reconciliation: a provider's list against payments and books, both ways.

A run is a row and a command. Each time the command is performed it takes one step: one page is
fetched outside any transaction, and one transaction writes what differs, feeds questions about it
into the inbox, and puts the command off for the next step. So a worker that dies loses one step at
most, and whatever is mended is mended by the one path that applies everything.
"""

from __future__ import annotations

from workers.reconcile.pages import step
from workers.reconcile.starting import PROVIDERS, RunUnderWay, begin, begin_due

__all__ = ["PROVIDERS", "RunUnderWay", "begin", "begin_due", "step"]
