"""What ends a run of the lab before its end; each text is for the person who started it."""

from __future__ import annotations

from tests.local.errors import LocalRunFailed


class LabFailed(LocalRunFailed):
    """The lab itself cannot go on: what it would say about the service is worth nothing."""


class EdgesFailed(LabFailed):
    """The proxy process ended, did not answer in time, or does not know what it was asked."""


class NotReady(LabFailed):
    """A process of the stage did not become ready in time."""
