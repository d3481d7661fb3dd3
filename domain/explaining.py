"""Explain: why a payment stands as it stands, and what to do next, in one sentence each.

Pure. What is told first is what keeps the money from where the payer expects it; a command that is
named can be run as it is, with a reason in the place of WHY.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import correcting, ledger
from domain.advice import Step, command, for_letter, verify
from domain.facts import FactKind
from domain.money import Money
from domain.payment import BY_PERSON
from domain.retelling import amount, shown
from domain.standing import Verdict
from domain.transitions import State

if TYPE_CHECKING:
    from domain.judgement import Known
    from domain.payment import Position
    from domain.standing import Standing


def explain(standing: Standing) -> Verdict:
    """Return the one thing to know of the payment, and what to do about it."""
    for part in (_second_person, _review, _unfinished, _set_aside, _unpaid, _missing_capture):
        verdict = part(standing)
        if verdict is not None:
            return verdict
    return _settled(standing)


def _second_person(standing: Standing) -> Verdict | None:
    if not standing.approvals:
        return None
    first = standing.approvals[0]
    return Verdict(
        "approval_waits",
        f"What was asked for waits for a second person (approval {first}).",
        (
            Step(
                "An approver who is not who asked looks at it", command(f"approvals show {first}")
            ),
            Step("and agrees", command(f"approvals approve {first} --reason WHY")),
        ),
    )


def _review(standing: Standing) -> Verdict | None:
    position = standing.known.position
    if position.state is not State.REVIEW:
        return None
    held = {c: m for c, m in correcting.suspense(position).items() if m}
    if any(minor > 0 for minor in held.values()):
        return Verdict("held_in_suspense", _why_held(standing.known, held), _cures(standing))
    if "unheard" in position.contradictions:
        asked = "Nothing was heard of it after all scheduled questions; no money is known to us."
        return Verdict("unheard", asked, (*verify(standing.known, standing.can_be_asked), *_ends()))
    if position.contradictions == {BY_PERSON}:
        said = shown(standing.decided or "a person")
        return Verdict("set_by_person", f"It is in review because of {said}.", _cures(standing))
    what = ", ".join(_DISAGREE.get(each, each) for each in sorted(position.contradictions))
    return Verdict("claims_disagree", f"It needs a person: {what}.", _cures(standing))


_DISAGREE = {
    "captures_disagree": "the provider names several amounts for one transaction",
    "claims_disagree": "what the provider says of a refund or a dispute does not fit together",
    "refund_exceeds_capture": "more was refunded than came",
    "money_in_suspense": "more was given back than was held",
    BY_PERSON: "a person has put it there",
}


def _why_held(known: Known, held: dict[str, int]) -> str:
    asked = known.asked
    came = " and ".join(
        amount(money.amount_minor, money.currency) for money in _captures(known.position)
    )
    kept = " and ".join(amount(minor, currency) for currency, minor in sorted(held.items()))
    wanted = amount(asked.amount.amount_minor, asked.amount.currency)
    credit = ledger.customer_credit(asked.customer_id)
    has_credit = any(account == credit for account, _ in correcting.net(known.position))
    if has_credit:
        return f"{came} arrived where {wanted} was asked: {kept} too much is held in suspense."
    why = "after it was cancelled" if asked.cancelled else f"where {wanted} was asked"
    if asked.correction is not None:
        why = "after a person had decided about it"
    return f"{came} arrived {why}; {kept} is held in suspense, and the customer has no credit."


def _captures(position: Position) -> list[Money]:
    """Return what came, by transaction."""
    return [
        Money(currency, minor)
        for (effect, _), legs in sorted(position.effects.items())
        if effect == "capture"
        for (account, currency), minor in legs.items()
        if minor > 0 and not account.startswith("provider_clearing:")
    ]


def _cures(standing: Standing) -> tuple[Step, ...]:
    """Return the corrections that the facts bear, each with what it means."""
    known = standing.known
    meanings = {
        State.REFUNDED: "if it was given back already, without the provider's knowledge",
        State.REVIEW: "",
    }
    steps = []
    for state in correcting.possible(known):
        means = meanings.get(state, "if it is the customer's")
        if BY_PERSON in known.position.contradictions and not _held(known):
            means = "if there is nothing more to look at"
        line = f"payments correct {known.reference} --to {state} --reason WHY --yes"
        steps.append(Step(f"Correct it, {means}", command(line)))
    steps.sort(key=lambda step: "--to refunded" in str(step.command))
    if _held(known):
        steps.append(Step("Or refund it at the provider: its webhook then settles it"))
    return tuple(steps)


def _held(known: Known) -> bool:
    return any(minor > 0 for minor in correcting.suspense(known.position).values())


def _ends() -> tuple[Step, ...]:
    return (Step("Or look at the provider's pages, and correct it to what you see there"),)


def _unfinished(standing: Standing) -> Verdict | None:
    if not standing.unfinished:
        return None
    return Verdict(
        "not_finished",
        f"{standing.unfinished} of its events or commands are received and not finished yet.",
        (
            Step("See whether workers run and what they wait for", command("doctor")),
            Step("Then look again", command(f"payments explain {standing.known.reference}")),
        ),
    )


def _set_aside(standing: Standing) -> Verdict | None:
    if not standing.letters:
        return None
    letter = standing.letters[0]
    more = f", and {len(standing.letters) - 1} more" if len(standing.letters) > 1 else ""
    return Verdict(
        f"set_aside:{letter.reason}",
        f"An event about it is set aside (dead letter {letter.id}{more}): "
        f"{letter.reason}, {shown(letter.message)}.",
        for_letter(letter, standing.known, standing.can_be_asked),
    )


def _unpaid(standing: Standing) -> Verdict | None:
    known, state = standing.known, standing.known.position.state
    if state not in correcting.WITHOUT_MONEY or known.position.waiting:
        return None
    ask = verify(known, standing.can_be_asked)
    if state in (State.FAILED, State.CANCELLED):
        said = "It was cancelled" if state is State.CANCELLED else "The provider says it failed"
        if known.asked.correction is not None and known.asked.correction.to_state is state:
            said = f"It is {state} by the word of {shown(standing.decided or 'a person')}"
        return Verdict(state, f"{said}, and no money has come for it.", ask)
    handed_over = any(fact.kind is FactKind.INITIALIZED for fact in known.facts)
    silent = "It was handed over to the provider" if handed_over else "It was announced"
    if standing.refused:
        return _turned_away(standing, silent, ask)
    steps = ask
    if standing.strangers:
        ids = ", ".join(str(each) for each in standing.strangers)
        look = command(f"dead-letters show {standing.strangers[0]}")
        steps = (
            Step(f"Perhaps its money came under another name (dead letters {ids})", look),
            *ask,
        )
    return Verdict("never_heard", f"{silent}, and nothing was heard of any money since.", steps)


def _turned_away(standing: Standing, silent: str, ask: tuple[Step, ...]) -> Verdict:
    first, count = standing.refused[0], sum(each.times for each in standing.refused)
    return Verdict(
        "perhaps_refused",
        f"{silent}, and nothing was heard of it; around then {count} requests of its provider were "
        f"refused: {first.code}, {shown(first.diagnosis)}.",
        (
            Step("Put the provider's secret right; what it sends again is then accepted"),
            *ask,
        ),
    )


def _missing_capture(standing: Standing) -> Verdict | None:
    if not standing.known.position.waiting:
        return None
    waits = ", ".join(sorted(shown(each) for each in standing.known.position.waiting))
    return Verdict(
        "missing_capture",
        f"A refund or dispute is known ({waits}), but not the capture that it is about.",
        verify(standing.known, standing.can_be_asked),
    )


def _settled(standing: Standing) -> Verdict:
    known, position = standing.known, standing.known.position
    asked = known.asked
    credit = ledger.customer_credit(asked.customer_id)
    credited = {
        currency: amount(minor, currency)
        for (account, currency), minor in correcting.net(position).items()
        if account == credit
    }
    has = f"{' and '.join(credited.values())} of it" if credited else "Nothing of it"
    why = f"It is {position.state}: {has} is the customer's."
    if credited.keys() <= {asked.amount.currency}:
        balance = amount(standing.balance_minor, asked.amount.currency)
        why = f"{why.removesuffix('.')}, whose balance is {balance}."
    is_lost = position.state is State.CHARGED_BACK and not standing.is_written_off
    if is_lost and standing.balance_minor < 0:
        line = f"payments write-off {known.reference} --reason WHY --yes"
        step = Step("If nobody will pay it, take it for a loss", command(line))
        return Verdict("below_zero", f"{why} The credit was spent before.", (step,))
    return Verdict(position.state, why)
