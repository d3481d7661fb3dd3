"""The limits of reconciliation, each with its unit."""

from __future__ import annotations

CLOCKS_APART_S = 120
"""By how much the provider's clock and ours may differ at the edges of a window."""

LIST_DELAY_S = 600
"""How long after it was made a transaction may still be missing from its provider's list."""

CHECKOUT_OPEN_S_MAX = 86_400
"""How long after it was made a transaction may still be paid. The list goes by when it was made:
so the next window begins this long before the last one ended."""

FIRST_LOOK_BACK_S = 7 * 86_400
"""How far back the first run of the schedule looks."""

UNLISTED_ASKED_MAX = 500
"""Captures missing there that are asked about one by one; more mean that the list is not whole."""

UNLISTED_PER_STEP = 5
"""Questions in one step, so that a slow provider does not keep a worker from its other work."""

RECHECKED_PER_STEP = 500
"""Differences that are compared again in one step."""

SETTLE_EVERY_S = 1.0
SETTLE_S_MAX = 600.0
"""How often a run looks whether what it fed is finished, and how long it waits for any of it."""
