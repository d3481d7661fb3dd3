"""Advice: what a person can do, as a sentence and, where there is one, the command to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.commands import INTERNAL

if TYPE_CHECKING:
    from domain.judgement import Known
    from domain.money import Money

WHY = "WHY"
"""Stands in a command where whoever runs it says why."""


class Step(NamedTuple):
    """Something to do; `command` is a line for a shell, None for what is done elsewhere."""

    what: str
    command: str | None = None


class Letter(NamedTuple):
    """An open dead letter."""

    id: int
    reason: str
    message: str
    source: str
    money: Money | None = None
    error_class: str = ""


def command(line: str) -> str:
    """Return the command line of ours."""
    return f"payratchet {line}"


def verify(known: Known, can_be_asked: bool) -> tuple[Step, ...]:  # noqa: FBT001 - says it all
    """Return how to learn from the provider what became of the payment."""
    if not can_be_asked:
        return (Step("Look at the provider's own pages, and have it send its webhook again"),)
    line = f"payments verify {known.reference} --reason WHY"
    return (Step("Have the provider asked what became of it", command(line)),)


_ASK = frozenset({"missing_capture", "refetch_required", "unheard"})
_MENDED = frozenset(
    {"exhausted", "expired", "crash_loop", "permanent", "schema", "illegal_transition"}
)
_ASKED_ANEW = frozenset({"NoClient", "NothingFound", "ProviderForbids"})
"""Errors of questions that had no answer for a cause that goes away: our key, or a provider that
does not know yet."""


def for_letter(letter: Letter, known: Known, can_be_asked: bool) -> tuple[Step, ...]:  # noqa: FBT001 - as above
    """Return what helps against a dead letter of this reason."""
    show = Step("Read it, with every attempt", command(f"dead-letters show {letter.id}"))
    again = command(f"dead-letters replay {letter.id} --reason WHY")
    let_go = command(f"dead-letters discard {letter.id} --reason WHY")
    if letter.reason in _MENDED or letter.error_class in _ASKED_ANEW:
        return (Step("When its cause is removed, replay it", again), show)
    if letter.reason in _ASK and letter.source != INTERNAL:
        return (*verify(known, can_be_asked), show)
    if letter.reason == "unknown_reference":
        return (Step("Its payment is announced now: replay it", again), show)
    if letter.reason == "mode_mismatch":
        return (Step("It is of the other mode (test or live): let it go", let_go), show)
    if letter.error_class == "TransactionOwned":
        return (Step("Its money is another payment's already: let it go", let_go), show)
    return (show, Step("When you know that it is settled, let it go", let_go))


def announce(reference: str, letter: Letter, provider: str, account: str) -> tuple[Step, ...]:
    """Return how to make a payment known whose money has come and waits."""
    if letter.money is None:
        return (Step("Read it", command(f"dead-letters show {letter.id}")),)
    line = (
        f"payments create --provider {provider} --account {account} --reference {reference} "
        f"--amount-minor {letter.money.amount_minor} --currency {letter.money.currency} "
        f"--customer-id WHO --reason WHY"
    )
    return (
        Step("If it is a payment of ours, announce it for its customer", command(line)),
        Step("Read it first", command(f"dead-letters show {letter.id}")),
    )
