"""An address of each page of the console's table, with something to see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.money_limit import MoneyLimit
from tests.console.browser.believable import MISMATCHED, MISTYPED, PILE_FINGERPRINT
from tests.replaying.pile import frozen
from workers.console import routes
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from tests.workers.scene import Scene

ADDRESSES = {
    "/payments": "/payments?q=cus_bello",
    "/dead-letters": "/dead-letters?type=payment.succeeded",
    "/dead-letters/replay": f"/dead-letters/replay?fingerprint={PILE_FINGERPRINT}",
    "/dead-letters/discard": f"/dead-letters/discard?fingerprint={PILE_FINGERPRINT}",
    "/payments/{reference}/correct": f"/payments/{MISMATCHED}/correct?to=completed",
    "/audit": "/audit?of=dead-letters",
}
"""Pages that show more with a query."""


def addresses(scene: Scene) -> list[str]:
    """Return them; for that a replay is made that waits for a second person."""
    job = frozen(scene, Wanted(fingerprint=PILE_FINGERPRINT), limit=MoneyLimit(1))
    letter_id = scene.value("SELECT id FROM dead_letters WHERE reference = %s", [MISTYPED])
    known = {
        "reference": MISMATCHED,
        "letter_id": letter_id,
        "event_id": 1,
        "run_id": 1,
        "replay_id": job.replay_id,
        "approval_id": job.approval_id,
    }
    return [
        re.sub(r"\{(\w+)(?::\w+)?\}", lambda name: str(known[name[1]]), ADDRESSES.get(path, path))
        for path in (page.path for page in routes.PAGES)
        if not path.endswith("/progress")  # a part of a page
    ]
