"""Why a replay is not made, or not steered."""

from __future__ import annotations

from domain.errors import PayratchetError


class NothingMatched(PayratchetError):
    """No letter is as was asked for."""

    code = "nothing_matched"


class MoreMatch(PayratchetError):
    """More letters match by now than somebody agreed to."""

    code = "more_match"


class ReplayTooLarge(PayratchetError):
    """More letters match than one replay takes."""

    code = "replay_too_large"


class OperationKeyReused(PayratchetError):
    """The operation of this key was about other letters."""

    code = "operation_key_reused"


class ReplayUnknown(PayratchetError):
    """There is no such replay."""

    code = "replay_unknown"


class ReplayNotSteerable(PayratchetError):
    """The replay is not in a state from which this can be done."""

    code = "replay_not_steerable"
