"""A provider that drops its answers, hangs, lies about amounts, errs, or is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.faults.postgres import Always

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

HANGS_S = 8
ERRORS = (
    "error_after_effect",
    "error_kept",
    "error_kept_before_effect",
    "reset_before_effect",
    "reset",
    "truncated",
    "wrong_json",
    "html",
    "refuse_429",
    "refuse_503",
    "duplicate",
    "slow_drip",
)
ERROR_SHARE = 0.5
DRIP_S = 4


class Script(Always):
    """The simulated provider goes wrong in one way until the end."""

    def __init__(self, write: Callable[[Strike], str]) -> None:
        self._write = write

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Set the fault."""
        del traffic
        words = self._write(strike)
        stage.provider.set_faults(words)
        return words

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Let everything go well."""
        del traffic, strike
        stage.provider.set_faults()
        return ""


def _share(strike: Strike) -> str:
    return f"{strike.parameters.get('share', 1.0):g}"


def drops_answer(strike: Strike) -> str:
    """It does what it is asked and says nothing."""
    return f"any:drop_after_effect:{_share(strike)}"


def hangs(strike: Strike) -> str:
    """It answers nothing for longer than anybody waits."""
    return f"any:hang:{_share(strike)}:{HANGS_S}"


def lies(strike: Strike) -> str:
    """It tells of another amount than it took."""
    return f"any:wrong_amount:{_share(strike)}"


def is_down(strike: Strike) -> str:
    """Nobody is there."""
    del strike
    return "any:away:1"


def errs(strike: Strike) -> str:
    """It errs in one of the many ways that there are."""
    behaviour = ERRORS[int(strike.parameters.get("which", 0.0) * len(ERRORS)) % len(ERRORS)]
    lasting = f":{DRIP_S}" if behaviour == "slow_drip" else ""
    return f"any:{behaviour}:{ERROR_SHARE:g}{lasting}"
