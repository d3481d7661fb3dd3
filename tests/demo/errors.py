"""What can go wrong with the demo itself; each text is for the person who started it."""

from __future__ import annotations

from tests.local.errors import LocalRunFailed


class NotQuiet(LocalRunFailed):
    """Work was still owed when our patience ended."""


class CommandFailed(LocalRunFailed):
    """An operator's command did not do what it was asked."""


class ShopFailed(LocalRunFailed):
    """The API, or a page of the provider, did not answer as a shop may expect."""
