"""Foreign: what a provider tells by our reference, and is not our payment.

A look-up finds whatever has the reference, also what somebody made of it long before us, at the
same account. Nothing of it counts: neither its money nor that it failed. A person is to look. What
a webhook says is another matter: it comes when the money does, to whoever has the reference then.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.calls import CANCELLABLE, is_foreign
from domain.decide import decide
from domain.judgement import Burial, Known
from workers.calling.case import unheard
from workers.store import provider_calls

if TYPE_CHECKING:
    from domain.asking import Told
    from workers.calling.case import Case
    from workers.database import Transaction
    from workers.outcome import Outcome


def is_another(tx: Transaction, case: Case, told: Told) -> bool:
    """Say whether the provider tells of another payment. What is known as ours by name is ours."""
    known = case.known
    if known is None or told.made_at_s is None:
        return False
    name = told.provider_reference
    if name == case.details.provider_reference or name in {f.object_id for f in known.facts}:
        return False
    return is_foreign(told, asked_at_s=provider_calls.first_asked_at_s(tx, case.debt))


def set_apart(outcome: Outcome, case: Case, told: Told) -> Known:
    """Have a person look: of ours nothing is heard. Return the payment as it then stands.

    Where money was heard of before, or the end is known, the payment stays as it is.
    """
    known = case.known
    assert known is not None  # noqa: S101 - `is_another` says so
    assert told.made_at_s is not None  # noqa: S101 - as above
    made_at = datetime.fromtimestamp(told.made_at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    why = f"'{told.provider_reference}' was made at {made_at}, before we first asked for one"
    if known.position.state in CANCELLABLE:
        fact = unheard(case)
        change = decide(known.asked, known.position, known.facts, (fact,), version=known.version)
        heard, actor = case.heard((fact,), why=why), case.command.actor
        if change.facts:
            known = outcome.change(case.work, heard, known, change, is_new_name=False, actor=actor)
    burial = Burial("mismatch", "TransactionForeign", f"{why}, with the reference of ours")
    outcome.bury(case.work, case.heard(()), burial)
    return known
