"""What ends a soak before its end; each text is for the person who started it."""

from __future__ import annotations

from tests.local.errors import LocalRunFailed


class SoakFailed(LocalRunFailed):
    """The service did something that leaves nothing to check."""


class NotSettled(LocalRunFailed):
    """For too long nothing went on, although something was still open."""
