"""The secrets that a check of one delivery may try, by the variables that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.delivery import Secret
from domain.diagnosis import RETIRED, Suspect, other_account
from domain.signing import key_id
from workers.operations import provider_settings
from workers.operations.output import Failed
from workers.settings import WEBHOOK_SECRETS, variable, webhook_secrets

if TYPE_CHECKING:
    from domain.delivery import Provider


class Tried(NamedTuple):
    """The secrets that should have signed, and others that perhaps have."""

    secrets: tuple[Secret, ...]
    suspects: tuple[Suspect, ...]


def secrets_for(provider: Provider, account: str, named: str | None) -> Tried:
    """Return the account's secrets, or those of the variable that is named, and all others.

    Raises Failed, naming a variable and never what it holds.
    """
    known = webhook_secrets(provider.name)
    usual = _variable_of(provider, account)
    live = named or (usual if usual in known else WEBHOOK_SECRETS.get(usual, usual))
    text = variable(live)
    if not text:
        raise Failed(
            "secret_missing", f"{live} is not set; it, or --secret-env VAR, has the secret"
        )
    others = [
        _suspect(provider, name, _read(provider, name, text))
        for name, text in known.items()
        if name != live and text
    ]
    return Tried(_read(provider, live, text), tuple(others))


def names(provider: Provider, account: str) -> tuple[str, ...]:
    """Return the variables that may have the secret of this account."""
    usual = _variable_of(provider, account)
    return (usual, WEBHOOK_SECRETS.get(usual, usual))


def _variable_of(provider: Provider, account: str) -> str:
    return f"{provider_settings.stem(provider, account)}_WEBHOOK_SECRET"


def _read(provider: Provider, name: str, text: str) -> tuple[Secret, ...]:
    values = [part.strip() for part in text.split(",")]
    if not all(provider.is_secret(value) for value in values):
        raise Failed("secret_malformed", f"{name} has not the form of a secret of {provider.name}")
    return tuple(Secret(key_id(value), value.encode()) for value in values)


def _suspect(provider: Provider, name: str, secrets: tuple[Secret, ...]) -> Suspect:
    """Return what it means when a secret of that variable has signed; of an account, as it is."""
    if name.endswith("_RETIRED_SECRET"):
        return Suspect(f"{RETIRED} ({name})", secrets)
    further = name.removesuffix("_WEBHOOK_SECRET").partition("__")[2] or "default"
    account = further.lower().replace("_", "-")
    mode = provider_settings.mode(provider, account, secrets, None)
    values = provider_settings.values(provider, account)
    words = f"{other_account(account, mode)} ({name})"
    return Suspect(words, secrets, provider.configured(values, mode))
