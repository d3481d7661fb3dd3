"""The services: what those who use the API have asked, and were told, as evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.history import FORGERY, HOSTILE, WEBHOOK
from tests.chaos.proof.evidence import Asked, Compared, Debit

if TYPE_CHECKING:
    from tests.chaos.run import Run
    from tests.chaos.traffic.journal import Checked

NOT_OF_SERVICES = frozenset({WEBHOOK, FORGERY, HOSTILE})


def asked_of(run: Run) -> Asked:
    """Return what the shop asked, and was told."""
    journal, history = run.traffic.journal, run.history
    kinds = (kind for kind in history.kinds() if kind not in NOT_OF_SERVICES)
    tries = sum(sum(history.counts(kind).values()) for kind in kinds)
    return Asked(
        client_id=run.traffic.client_id,
        is_over=run.settled.sent_s is not None,
        payments=journal.payments,
        refunds=journal.refunds,
        debits={name: Debit(*debit) for name, debit in journal.debits.items()},
        reversed=frozenset(journal.reversed),
        cancelled=frozenset(journal.cancelled),
        same_bytes=compared(journal.same_bytes),
        other_body_refused=compared(journal.other_body),
        within_capture=compared(journal.within_capture),
        unexpected=Compared(tries, tuple(journal.unexpected.problems)),
    )


def compared(checked: Checked) -> Compared:
    """Return what the traffic has compared itself."""
    return Compared(checked.checked, tuple(checked.problems))
