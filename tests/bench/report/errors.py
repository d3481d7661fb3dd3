"""What can go wrong with the report; each text is for the person who started it."""

from __future__ import annotations

from tests.local.errors import LocalRunFailed


class MarksMissing(LocalRunFailed):
    """A page has no place, or more than one, for what is to be written into it."""


class RunUnreadable(LocalRunFailed):
    """A saved run is not a document of ours."""
