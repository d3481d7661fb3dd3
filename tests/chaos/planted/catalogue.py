"""The catalogue: every bug that is planted, by its name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.chaos.planted.bugs_of_applying import BUGS as OF_APPLYING
from tests.chaos.planted.bugs_of_asking import BUGS as OF_ASKING
from tests.chaos.planted.bugs_of_keeping import BUGS as OF_KEEPING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.chaos.planted.bug import Bug

BUGS: Mapping[str, Bug] = MappingProxyType(
    {bug.name: bug for bug in (*OF_KEEPING, *OF_APPLYING, *OF_ASKING)}
)
"""Every bug by its name."""
