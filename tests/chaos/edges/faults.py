"""What is wrong with an edge at the moment: one object an edge, read by all its links."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class Way(StrEnum):
    """Whither bytes go."""

    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"


BOTH = "both"
WAYS = {
    Way.TO_SERVER.value: frozenset({Way.TO_SERVER}),
    Way.TO_CLIENT.value: frozenset({Way.TO_CLIENT}),
    BOTH: frozenset(Way),
}
NOWHERE: frozenset[Way] = frozenset()


@dataclass(slots=True)
class Faults:
    """The faults of one edge; as made, there are none.

    `lose_after` is what a request holds whose answer is lost, `losses_left` how many more are.
    `drops_next` loses the next answer, whatever was asked.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float = 0.0
    swallowed: frozenset[Way] = NOWHERE
    refuses: bool = False
    lose_after: bytes = b""
    losses_left: int = 0
    drops_next: bool = False

    @property
    def slows(self) -> bool:
        """Whether bytes arrive later than they came."""
        return self.delay_s > 0 or self.jitter_s > 0 or self.bytes_per_s > 0

    def heal(self) -> None:
        """Have none any more."""
        for each in fields(self):
            setattr(self, each.name, each.default)
