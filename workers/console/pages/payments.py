"""Payments: found by any of their names, and each with why it stands as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.operators import Role, may
from domain.providers import PROVIDERS
from domain.transitions import State
from workers.console import places, queries
from workers.console.page import NotThere, Page
from workers.operations.explain import explain_in
from workers.store import console_views, letters_shown
from workers.store.console_views import Listed
from workers.store.letter_filters import ANY_STATUS, Wanted

if TYPE_CHECKING:
    from workers.console.page import Asked, Context
    from workers.database import Transaction

STATES = tuple(state.value for state in State)
PROVIDER_NAMES = tuple(sorted(PROVIDERS))

LETTERS_SHOWN_MAX = 20
"""Dead letters of one payment that are listed."""


def _list(asked: Asked, tx: Transaction) -> Context:
    words = queries.text(asked, "q")
    filters = {
        "state": queries.one_of(asked, "state", STATES),
        "provider": queries.one_of(asked, "provider", PROVIDER_NAMES),
    }
    if words is not None:
        names = list(PROVIDER_NAMES)
        found = console_views.search(tx, words, providers=names, limit=queries.ROWS_MAX)
        listed = Listed(found, None)
    else:
        cursor = queries.number(asked, "cursor")
        listed = console_views.payments(tx, **filters, before=cursor, limit=queries.ROWS_MAX)
    return {
        "listed": listed,
        "filters": {"q": words, **filters},
        "states": STATES,
        "providers": PROVIDER_NAMES,
    }


def _one(asked: Asked, tx: Transaction) -> Context:
    reference = asked.path["reference"]
    explained = explain_in(tx, reference)
    if explained is None:
        raise NotThere(f"nothing is known of a payment {reference}")
    wanted = Wanted(reference=reference, status=ANY_STATUS)
    letters = letters_shown.page(tx, wanted, before=None, limit=LETTERS_SHOWN_MAX)
    return {
        **explained,
        "verdict": _placed(explained["verdict"]),
        "entries": [{"replay_id": None, **entry} for entry in explained["entries"]],
        "title": f"Payment {reference}",
        "reference": reference,
        "may_act": may(asked.who.role, Role.OPERATOR),
        "letters": letters,
        "letter_of": {letter["event_id"]: letter["id"] for letter in letters},
    }


def _placed(verdict: Context) -> Context:
    """Return the verdict, each step with the page where it is done, if there is one."""
    steps = [{**step, "place": places.of_command(step["command"])} for step in verdict["do"]]
    return {**verdict, "do": steps, "is_settled": not steps}


PAGES = (
    Page("/payments", Role.VIEWER, "Payments", "payments.html", _list),
    Page(
        "/payments/{reference}",
        Role.VIEWER,
        "Payment",
        "payment.html",
        _one,
        snapshot=True,
        sample={"reference": "ORD-1"},
    ),
)
