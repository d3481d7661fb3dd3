"""What explains a payment: where it stands with all that is around it, and the verdict on that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from domain.advice import Letter, Step
    from domain.judgement import Known


class Refusal(NamedTuple):
    """Requests that were turned away around the payment; nothing says that they were about it."""

    code: str
    diagnosis: str
    times: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A payment with all around it that explains where it stands.

    `balance_minor` is the customer's, in the payment's currency. `unfinished` counts events about
    it that nobody has finished; `strangers` are open dead letters of nobody's payment about the
    same amount; `decided` is what a person said last.
    """

    known: Known
    balance_minor: int
    letters: tuple[Letter, ...] = ()
    unfinished: int = 0
    refused: tuple[Refusal, ...] = ()
    strangers: tuple[int, ...] = ()
    approvals: tuple[int, ...] = ()
    decided: str | None = None
    can_be_asked: bool = True
    is_written_off: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rule` names the case, for scripts; `why` is for people; `do` is what helps, best first."""

    rule: str
    why: str
    do: tuple[Step, ...] = ()
