"""The limits of reconciliation, each with its unit."""

from __future__ import annotations

CLOCKS_APART_S = 120
"""By how much the provider's clock and ours may differ at the edges of a window."""

LIST_DELAY_S = 600
"""How long after it was made a transaction may still be missing from its provider's list."""

CHECKOUT_OPEN_S_MAX = 86_400
"""How long after it was made a transaction may still be paid. The list goes by when it was made:
so the next window begins this long before the last one ended."""

LATE_PAYERS_S = 8 * 86_400
WIDE_EVERY_S = 86_400
"""How far back the first run of the schedule looks, and one run a day: a day more than payments are
asked about one by one. For who pays days after the checkout was taken for abandoned."""

UNPROVEN_EVERY_S = 86_400
"""How often an account is tried anew that has payments here but was never reconciled, nor called:
most likely nobody has set a key for it."""

EXAMINED_MAX = 5_000_000
"""Transactions that one run looks at; a window that has more is reconciled in parts."""

UNLISTED_ASKED_MAX = 500
"""Captures missing there that are asked about one by one; more mean that the list is not whole."""

UNLISTED_PER_STEP = 5
LOOKING_UP_S_MAX = 5.0
"""Questions in one step, and after how long it asks no further one: a slow provider must not keep
a worker from its other work."""

UNANSWERED_S_MAX = 1_800.0
"""How long a run goes on asking about a capture when no answer says anything. Then it ends without
that answer, incomplete: its window counts as not covered, and the next run begins with it."""

FACTS_PER_STEP = 50_000
ITEMS_CLEARED_PER_STEP = 20_000
RECHECKED_PER_STEP = 500
"""Rows that one step holds against the list, lets go of, or compares again."""

STEP_S_MAX = 45.0
"""How long nobody is rung for a run whose step is under way."""

DEATHS_MAX = 10
"""Workers that may die one after the other with one run in hand before it has failed."""

SETTLE_EVERY_S = 1.0
SETTLE_S_MAX = 600.0
"""How often a run looks whether what it fed is finished, and how long it waits for any of it."""
