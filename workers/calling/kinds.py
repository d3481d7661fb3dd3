"""Which kinds of commands there are, and how each is performed."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.commands import CommandKind
from workers.calling.cancelling import Cancelling
from workers.calling.initializing import Initializing
from workers.calling.refunding import Refunding
from workers.calling.unheard import Unheard
from workers.calling.verifying import Verifying

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.calling.kind import Kind

KINDS: Mapping[CommandKind, Kind] = MappingProxyType(
    {
        CommandKind.INITIALIZE: Initializing(),
        CommandKind.VERIFY: Verifying(),
        CommandKind.REFUND: Refunding(),
        CommandKind.CANCEL: Cancelling(),
        CommandKind.UNHEARD: Unheard(),
    }
)

GONE, IN_HAND, LATE = "gone", "in_hand", "late"
WAITS, APPLIED, NO_CHANGE, REFUSED = "waits", "applied", "no_change", "refused"
"""What may have become of a command, besides what `ending` says of those that failed."""
