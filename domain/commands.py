"""Commands: what people and services ask of us, as events of the source `internal`.

A command waits in the inbox like anything else that comes in: one queue, one retry, one dead-letter
shape. Only we write them, so a body that cannot be read is a fault of ours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from pydantic_core import from_json, to_json

from domain.errors import PayloadInvalid

INTERNAL = "internal"
"""The source of commands. No provider may be called so."""


RUN_PREFIX = "reconciliation:"
"""What a reconciliation's reference begins with. The colon keeps it apart from all payments'."""


def run_reference(run_id: int) -> str:
    """Return what a reconciliation goes by where a payment goes by its reference."""
    return f"{RUN_PREFIX}{run_id}"


def run_id_of(reference: str) -> int:
    """Return the id of the run that goes by this reference."""
    return int(reference.removeprefix(RUN_PREFIX))


OBJECT_PREFIX = "object:"
"""What the reference of a question begins with whose payment only the answer can name."""


def object_reference(object_id: str) -> str:
    """Return what a question about a provider's object goes by."""
    return f"{OBJECT_PREFIX}{object_id}"


class CommandKind(StrEnum):
    """What is asked."""

    INITIALIZE = "initialize"
    VERIFY = "verify"
    REFUND = "refund"
    CANCEL = "cancel"
    UNHEARD = "unheard"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to be done about one payment.

    `number`        makes the command one of its own where the same may be asked again: a request
                    id, a step of a schedule.
    `reference`     the payment's; of a reconciliation `run_reference`, of an object
                    `object_reference`; no payment can have these.
    `actor`         who asked: `client:ID`, `operator:NAME` or `payratchet`.
    `email`, `callback_url`  are handed to the provider and kept nowhere else.
    `refund`        the refund's own reference.
    `object_id`     what an event that proves nothing calls what is to be asked about.
    """

    kind: CommandKind
    provider: str
    account: str
    reference: str
    actor: str
    number: str = ""
    email: str | None = None
    callback_url: str | None = None
    refund: str | None = None
    object_id: str | None = None

    @property
    def key(self) -> str:
        """Return what the event is de-duplicated by."""
        parts = [self.kind, self.reference, self.refund, self.number]
        return ":".join(part for part in parts if part)

    def body(self) -> bytes:
        """Write the command as the event's bytes."""
        told = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        return to_json({"command": told.pop("kind"), **told})


def parse(body: bytes) -> Command:
    """Read a command. Raises PayloadInvalid when it is none that this version knows."""
    try:
        told: dict[str, Any] = from_json(body)
        return Command(kind=CommandKind(told.pop("command")), **told)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"not a command of ours: {type(error).__name__}"
        raise PayloadInvalid(msg) from error
