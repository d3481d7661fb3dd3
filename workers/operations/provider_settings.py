"""What a check of one delivery must know of the account beside its secrets, by its variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from domain.delivery import Mode
from domain.diagnosis import ENDPOINT_URL
from workers.operations.output import Failed
from workers.settings import variable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.delivery import Provider, Secret


def stem(provider: Provider, account: str) -> str:
    """Return what the names of the account's variables begin with."""
    prefix = provider.name.upper().replace("-", "_")
    return prefix if account == "default" else f"{prefix}__{account.upper().replace('-', '_')}"


def names(provider: Provider, account: str) -> tuple[str, ...]:
    """Return the variables that may say something of this account."""
    endings = ("MODE", *(setting.name for setting in provider.settings))
    return tuple(f"{stem(provider, account)}_{ending}" for ending in endings)


def values(provider: Provider, account: str, url: str = "") -> dict[str, str]:
    """Return the account's settings that are there, by their names.

    The URL to which a delivery was sent stands in for the one that was registered, where that is
    not set. Raises Failed for a value that is none; nothing is missed here that `web` would miss.
    """
    found = {}
    for setting in provider.settings:
        name = f"{stem(provider, account)}_{setting.name}"
        text = variable(name)
        if text is not None and re.fullmatch(setting.form, text) is None:
            raise Failed("setting_malformed", f"{name} is wrong: {setting.meaning} is expected")
        if text is None and setting.name == ENDPOINT_URL and re.fullmatch(setting.form, url):
            text = url
        if text is not None:
            found[setting.name] = text
    return found


def missing(provider: Provider, account: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables without which `web` would not start."""
    return tuple(
        f"{stem(provider, account)}_{setting.name}"
        for setting in provider.settings
        if setting.is_required and setting.name not in known
    )


def mode(
    provider: Provider, account: str, secrets: Sequence[Secret], named: str | None
) -> Mode | None:
    """Return the account's world: as named, as its variable says, or as its secrets do.

    Raises UsageError for a variable that says neither live nor test.
    """
    name = f"{stem(provider, account)}_MODE"
    text = named or variable(name)
    if text is not None and text not in tuple(Mode):
        raise click.UsageError(f"{name} is live or test")
    if text is not None:
        return Mode(text)
    worlds = {provider.mode_of_secret(secret.value.decode("latin-1")) for secret in secrets}
    return worlds.pop() if len(worlds) == 1 else None
