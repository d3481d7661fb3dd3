"""The proof: what must hold at the end, by our database and by the provider's own books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.soak.proof import asked, charges, rest

if TYPE_CHECKING:
    from tests.demo.proof.invariant import Invariant
    from tests.soak.proof.evidence import Evidence

CHECKS = (*asked.CHECKS, *charges.CHECKS, *rest.CHECKS)


def prove(evidence: Evidence) -> list[Invariant]:
    """Check them all; one that does not hold keeps no other from being checked."""
    return [check(evidence) for check in CHECKS]
