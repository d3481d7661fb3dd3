"""From a group of dead letters to a replay: which ones, what it would do, then in earnest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.operators import Role
from workers.console import letter_filter
from workers.console.page import Act, Drawn, Moved, Page
from workers.console.pages.letter import operation_key
from workers.replaying.freezing import Asked as Order
from workers.replaying.freezing import freeze
from workers.replaying.limits import ITEMS_MAX, RATE_PER_S, RATE_PER_S_MAX, canary_of, failures_of
from workers.replaying.rehearsal import rehearse
from workers.store import letters_shown

if TYPE_CHECKING:
    from workers.console.forms import Form
    from workers.console.page import Answer, Asked, Context, Desk
    from workers.database import Transaction
    from workers.store.letter_filters import Wanted

GROUPS_SHOWN = 10
OUTCOMES_SHOWN = 100
"""Rows of a rehearsal that a page lists; its sums are of all."""


def _choose(asked: Asked, tx: Transaction) -> Context:
    """Show what a replay of these letters would be about."""
    fields = letter_filter.of_address(asked.query)
    if not fields:
        return {"fields": {}, "matched": 0, "groups": [], **_usual(0)}
    wanted = letter_filter.wanted(fields)
    matched = letters_shown.count(tx, wanted)
    groups = letters_shown.groups(tx, wanted, limit=GROUPS_SHOWN)
    return {"fields": fields, "matched": matched, "groups": groups, **_usual(matched)}


def _usual(matched: int) -> Context:
    return {
        "rate": RATE_PER_S,
        "rate_max": RATE_PER_S_MAX,
        "canary": canary_of(matched),
        "max_failures": failures_of(matched),
        "operation_key": operation_key(),
    }


def _bounds(form: Form, wanted: Wanted) -> tuple[int | None, int | None]:
    """Return the canary and how many may fail; letters that are named hold no other back."""
    canary = form.number("canary", most=ITEMS_MAX)
    most = form.number("max_failures", most=ITEMS_MAX)
    if wanted.ids is None:
        return canary, most
    return canary or 0, len(wanted.ids) if most is None else most


def _rehearse(desk: Desk, asked: Asked, form: Form) -> Answer:
    fields = letter_filter.of_form(form.fields())
    wanted = letter_filter.wanted(fields)
    canary, most = _bounds(form, wanted)
    tried = rehearse(desk.database, wanted, actor=asked.who.actor, canary=canary, max_failures=most)
    failures_first = sorted(tried.outcomes, key=lambda each: each.outcome not in {"dead", "retry"})
    context = {
        "fields": fields,
        "tried": tried,
        "outcomes": failures_first[:OUTCOMES_SHOWN],
        "payments": tried.payments[:OUTCOMES_SHOWN],
        **_usual(tried.matched),
        "rate": form.number("rate", least=1, most=RATE_PER_S_MAX) or RATE_PER_S,
        "canary": canary if canary is not None else canary_of(tried.matched),
        "max_failures": most if most is not None else failures_of(tried.matched),
    }
    return Drawn("rehearsed.html", "What a replay would do", context)


def _replay(desk: Desk, asked: Asked, form: Form) -> Answer:
    """Make the replay; the relay drives it. The same form sent again is the same replay."""
    wanted = letter_filter.wanted(letter_filter.of_form(form.fields()))
    canary, most = _bounds(form, wanted)
    made = freeze(
        desk.database,
        Order(
            wanted,
            asked.who.actor,
            form.text("reason"),
            f"{asked.who.actor}:{form.text('operation_key', length_max=100)}",
            form.number("rate", least=1, most=RATE_PER_S_MAX) or RATE_PER_S,
            canary,
            most,
        ),
    )
    said = "waiting" if made.approval_id is not None else "replaying"
    return Moved(f"/replays/{made.replay_id}", said if made.is_new else "replayed-before")


PAGES = (
    Page(
        "/dead-letters/replay", Role.OPERATOR, "Replay dead letters", "letters_replay.html", _choose
    ),
)
ACTS = (
    Act("/dead-letters/rehearse", Role.OPERATOR, _rehearse),
    Act("/dead-letters/replay", Role.OPERATOR, _replay),
)
