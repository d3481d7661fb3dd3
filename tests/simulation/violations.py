"""What is wrong with a history: the invariant that it breaks, and where."""

from __future__ import annotations


class Violated(BaseException):
    """An invariant does not hold. No code under test catches it."""

    def __init__(self, invariant: str, where: str) -> None:
        super().__init__(f"{invariant}: {where}")
        self.invariant = invariant
        self.where = where


def require(holds: bool, invariant: str, where: str) -> None:  # noqa: FBT001 - an assertion
    """Raise Violated unless it holds."""
    if not holds:
        raise Violated(invariant, where)
