"""The script: which calls go wrong. The same seed and order of calls make the same faults."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.simulator.api.fault import Behaviour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulator.api.fault import Fault
    from tests.simulator.api.operation import OperationName


class _Rule:
    """A fault, the number of calls it has seen, and a source of chance that is its own."""

    def __init__(self, fault: Fault, seed: int, place: int) -> None:
        self.fault = fault
        self._seen = 0
        self._rng = random.Random(f"{seed}/{place}/{fault}")

    def strikes(self) -> bool:
        self._seen += 1
        if self.fault.calls:
            return self._seen in self.fault.calls
        return self._rng.random() < self.fault.share


class Script:
    """All faults that are set; of several that strike one call, the first is seen."""

    def __init__(self, seed: int, faults: Iterable[Fault] = ()) -> None:
        self._seed = seed
        self._rules: list[_Rule] = []
        self.set(faults)

    @property
    def faults(self) -> list[Fault]:
        """What is set."""
        return [rule.fault for rule in self._rules]

    def set(self, faults: Iterable[Fault]) -> None:
        """Set these faults instead of all others; their counting begins."""
        self._rules = [_Rule(fault, self._seed, place) for place, fault in enumerate(faults)]

    def draw(self, provider: str, operation: OperationName) -> Fault | None:
        """Return what happens to this call, before anything is known of its answer."""
        return self._first(provider, operation, lies=False)

    def draw_lie(self, provider: str, operation: OperationName) -> Fault | None:
        """Return what happens to an answer that tells of money."""
        return self._first(provider, operation, lies=True)

    def _first(self, provider: str, operation: OperationName, *, lies: bool) -> Fault | None:
        struck = [
            rule.fault
            for rule in self._rules
            if rule.fault.concerns(provider, operation)
            and (rule.fault.behaviour is Behaviour.WRONG_AMOUNT) is lies
            and rule.strikes()
        ]
        return struck[0] if struck else None
