"""Faults: how a call can go wrong, and when."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.simulator.api.operation import OperationName

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY = "any"
"""Of an operation: all of them."""

PROVIDERS = ("paystack", "stripe")


class FaultInvalid(ValueError):
    """A fault was described in words that say nothing."""


class Behaviour(StrEnum):
    """Ways of going wrong; the first five have no effect, all others come after it."""

    AWAY = "away"
    REFUSE_429 = "refuse_429"
    REFUSE_503 = "refuse_503"
    RESET_BEFORE_EFFECT = "reset_before_effect"
    ERROR_KEPT_BEFORE_EFFECT = "error_kept_before_effect"
    DROP_AFTER_EFFECT = "drop_after_effect"
    ERROR_AFTER_EFFECT = "error_after_effect"
    ERROR_KEPT = "error_kept"
    RESET = "reset"
    HANG = "hang"
    SLOW_DRIP = "slow_drip"
    TRUNCATED = "truncated"
    WRONG_JSON = "wrong_json"
    HTML = "html"
    WRONG_AMOUNT = "wrong_amount"
    DUPLICATE = "duplicate"

    @property
    def is_before_effect(self) -> bool:
        """Whether the request is never looked at."""
        return self in _BEFORE


_BEFORE = frozenset(
    {
        Behaviour.AWAY,
        Behaviour.REFUSE_429,
        Behaviour.REFUSE_503,
        Behaviour.RESET_BEFORE_EFFECT,
        Behaviour.ERROR_KEPT_BEFORE_EFFECT,
    }
)

SECONDS: Mapping[Behaviour, float] = MappingProxyType(
    {
        Behaviour.REFUSE_429: 1.0,
        Behaviour.REFUSE_503: 1.0,
        Behaviour.HANG: 30.0,
        Behaviour.SLOW_DRIP: 30.0,
    }
)
"""Seconds where a fault names none: to come back after, of silence, for the whole answer."""

SECONDS_MAX = 3_600


@dataclass(frozen=True, slots=True)
class Fault:
    """One way of going wrong.

    It happens to `share` of the calls, or to those whose numbers are in `calls`; the first call
    after it was set is 1. A wrong amount counts only calls whose answer tells of money.
    """

    operation: str
    behaviour: Behaviour
    share: float = 0.0
    calls: tuple[int, ...] = ()
    seconds: float | None = None
    provider: str | None = None

    def __post_init__(self) -> None:
        """Refuse what could never happen."""
        if self.operation not in {ANY, *OperationName}:
            raise FaultInvalid(f"no such operation: {self.operation}")
        if self.provider not in {None, *PROVIDERS}:
            raise FaultInvalid(f"no such provider: {self.provider}")
        if not 0 <= self.share <= 1 or bool(self.share) == bool(self.calls):
            raise FaultInvalid("a fault has a share of the calls (0 to 1) or their numbers")
        if any(number < 1 for number in self.calls):
            raise FaultInvalid("the first call is number 1")
        if self.seconds is not None and not 0 <= self.seconds <= SECONDS_MAX:
            raise FaultInvalid(f"seconds are from 0 to {SECONDS_MAX}")

    @property
    def lasts_s(self) -> float:
        """How long it takes, or asks to wait, in seconds."""
        return SECONDS.get(self.behaviour, 0.0) if self.seconds is None else self.seconds

    def concerns(self, provider: str, operation: OperationName) -> bool:
        """Whether it may happen to such a call."""
        return self.provider in {None, provider} and self.operation in {ANY, operation}

    def __str__(self) -> str:
        """Say it as `parsed` reads it."""
        where = f"{self.provider}." if self.provider else ""
        when = "@" + ",".join(map(str, self.calls)) if self.calls else f"{self.share:g}"
        lasts = "" if self.seconds is None else f":{self.seconds:g}"
        return f"{where}{self.operation}:{self.behaviour}:{when}{lasts}"

    def as_tree(self) -> dict[str, Any]:
        """Return it as the control API writes it."""
        return asdict(self) | {"calls": list(self.calls)}


def parsed(text: str) -> Fault:
    """Read `[PROVIDER.]OPERATION:BEHAVIOUR:SHARE|@N,N…[:SECONDS]`. Raises FaultInvalid."""
    where, _, rest = text.partition(":")
    behaviour, _, rest = rest.partition(":")
    when, _, seconds = rest.partition(":")
    provider, dot, operation = where.rpartition(".")
    tree: dict[str, Any] = {"operation": operation, "behaviour": behaviour}
    if dot:
        tree["provider"] = provider
    try:
        if when.startswith("@"):
            tree["calls"] = [int(number) for number in when[1:].split(",")]
        else:
            tree["share"] = float(when)
        if seconds:
            tree["seconds"] = float(seconds)
    except ValueError as error:
        raise FaultInvalid(f"not a fault: {text} ({error})") from error
    return from_tree(tree)


def from_tree(tree: object) -> Fault:
    """Read a fault as the control API writes it. Raises FaultInvalid."""
    if not isinstance(tree, dict):
        raise FaultInvalid("a fault is a text or an object")
    try:
        behaviour = Behaviour(tree["behaviour"])
        given = {name: value for name, value in tree.items() if name != "behaviour"}
        calls = tuple(int(number) for number in given.pop("calls", ()))
        return Fault(behaviour=behaviour, calls=calls, **given)
    except FaultInvalid:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise FaultInvalid(f"not a fault: {error}") from error
