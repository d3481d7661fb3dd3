"""A provider whose books outlive us: they are in a file that is written before it answers."""

from __future__ import annotations

import pickle
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from domain.asking import Listed, Page
from domain.errors import ProviderAway
from domain.facts import Fact, FactKind, FactStatus
from tests.calling.provider import Provider
from tests.crash.seams import blocking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from domain.asking import Told
    from tests.crash.points import Points

HOUR_S = 3_600
KEPT = ("payments", "keys", "effects", "_numbers")


class KeptProvider(Provider):
    """A provider; while `keys_live_s` is 0, whatever it is asked to do twice it does twice."""

    def __init__(self, file: Path, points: Points) -> None:
        super().__init__()
        self.effects: Counter[tuple[str, str]] = Counter()
        self._file = file
        self._asked = blocking(points, self._kept_call)
        self._paged = blocking(points, self._listed)
        self.read()

    def read(self) -> None:
        """Take the books as they were written last."""
        if self._file.exists():
            vars(self).update(pickle.loads(self._file.read_bytes()))

    def write(self) -> None:
        """Keep the books, whatever happens to us from now on."""
        books = {name: getattr(self, name) for name in KEPT}
        spare = self._file.with_suffix(".new")
        spare.write_bytes(pickle.dumps(books))
        spare.replace(self._file)

    def page(self, *, since_s: int, until_s: int, cursor: str | None) -> Page:
        """List what was paid, all at once."""
        del since_s, until_s, cursor
        if self.goes.pop("page", None):
            raise ProviderAway("busy")
        page: Page = self._paged()
        return page

    def _listed(self) -> Page:
        self.read()
        found = []
        for reference, there in sorted(self.payments.items()):
            if there.status == "paid":
                name, at_s = f"t{there.number}", int(time.time()) - HOUR_S
                fact = Fact(FactKind.SUCCEEDED, name, FactStatus.SUCCEEDED, there.amount)
                found.append(Listed(name, reference, "success", there.amount, None, (fact,), at_s))
        return Page(tuple(found), None)

    def pay(self, reference: str, amount_minor: int | None = None) -> None:
        """Let the customer pay; once more is as good as once."""
        self.read()
        super().pay(reference, amount_minor)
        self.write()

    def end_refunds(self, reference: str, status: FactStatus = FactStatus.SUCCEEDED) -> None:
        """Let the refunds of a payment end; once more is as good as once."""
        self.read()
        super().end_refunds(reference, status)
        self.write()

    def did(self) -> dict[str, Any]:
        """Return what it has done for us, for a digest."""
        return {
            "effects": sorted(f"{kind} {about}: {n}" for (kind, about), n in self.effects.items()),
            "payments": {
                reference: [there.status, there.amount.amount_minor, len(there.refunds)]
                for reference, there in sorted(self.payments.items())
            },
        }

    def _call(self, kind: str, reference: str, key: str | None, effect: Callable[[], Told]) -> Told:
        told: Told = self._asked(kind, reference, key, effect)
        return told

    def _kept_call(
        self, kind: str, reference: str, key: str | None, effect: Callable[[], Told]
    ) -> Told:
        self.read()

        def counted() -> Told:
            told = effect()
            if kind != "look_up":
                self.effects[kind, reference] += 1
            return told

        try:
            return super()._call(kind, reference, key, counted)
        finally:
            self.write()
