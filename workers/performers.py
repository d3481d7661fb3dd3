"""What a second person may agree to, and how each of it is then done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers import claiming, correcting, unproven, writing_off
from workers.replaying import edits, steering

if TYPE_CHECKING:
    from workers.approving import Performers

PERFORMERS: Performers = {
    claiming.KIND: claiming.PERFORMER,
    correcting.KIND: correcting.PERFORMER,
    "edit": edits.PERFORMER,
    "replay": steering.PERFORMER,
    unproven.KIND: unproven.PERFORMER,
    writing_off.KIND: writing_off.PERFORMER,
}
"""By the kind of the question. What is missing here can be asked for, and not agreed to."""
