"""What became of a mutant."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.mutation.mutants import Mutant


class Verdict(StrEnum):
    """What became of a mutant. Whose tests never end is as good as dead."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class Outcome(NamedTuple):
    """A mutant, what became of it, and the test that has killed it."""

    mutant: Mutant
    verdict: Verdict
    by: str
    elapsed_s: float

    @property
    def is_dead(self) -> bool:
        """Whether a test noticed."""
        return self.verdict is not Verdict.SURVIVED
