"""What a page says about the act that led to it: sentences of ours, chosen by a key.

The key travels in the address. Whatever else somebody writes there says nothing.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SAID: Mapping[str, str] = MappingProxyType(
    {
        "discarded": "Discarded. It can be reopened.",
        "group-discarded": "Discarded, all of them. They can be reopened.",
        "reopened": "Reopened.",
        "noted": "The note is kept.",
        "assigned": "Assigned.",
        "replaying": "The replay is made; the relay drives it.",
        "replayed-before": "This very replay was made before: here it is. Nothing was made twice.",
        "waiting": "Nothing is done yet: an approver who is not you must agree.",
        "approved": "Approved, and done.",
        "rejected": "Rejected: nothing was done.",
        "corrected": "Corrected.",
        "written-off": "Written off.",
        "asking": "The provider is being asked; the answer shows in the timeline.",
        "edited": "The edited event was applied.",
        "edited-dead": "The edited event was kept, and cannot be applied either: here it is.",
        "edited-owed": "The edited event is kept, and is tried again until it is applied.",
        "edited-before": "This very edit was made before: nothing was made twice.",
        "paused": "Paused: no further letter is begun.",
        "resumed": "Resumed.",
        "cancelled": "Cancelled: the letters whose turn had not come stay open.",
        "tried": "It was tried again; what became of it shows here.",
        "tried-dead": "It was tried again and could not be applied: its dead letter says why.",
        "tried-owed": "It is tried again until it is applied.",
        "others-ended": "All your other sessions are ended.",
        "signed-out": "You are signed out.",
    }
)
