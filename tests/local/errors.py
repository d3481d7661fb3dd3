"""What can go wrong in a local run; each text says what to do and is shown without a traceback."""

from __future__ import annotations


class LocalRunFailed(Exception):
    """The run on this machine cannot go on; the text is written for the person who started it."""


class StoreMissing(LocalRunFailed):
    """No binary of a store was found, or the one that was named does not work."""


class StoreFailed(LocalRunFailed):
    """A store did not start, or its data folder cannot be used."""


class StoreGiven(LocalRunFailed):
    """A store that was given by its URL is not ours to stop, kill or start."""


class AlreadyRunning(LocalRunFailed):
    """Another run holds this data folder."""


class PortBusy(LocalRunFailed):
    """Another program listens on the port that a process needs."""


class ProcessFailed(LocalRunFailed):
    """A process of the Procfile ended, or did not become ready in time."""
