"""Accounts: the provider accounts we can hear, spelled by the names of variables.

`<PROVIDER>_WEBHOOK_SECRET` is the account "default", `<PROVIDER>__<ACCOUNT>_WEBHOOK_SECRET` a
further one. The provider is in upper case with `-` as `_`; the account's name in the path is the
variable's in lower case with `_` as `-`, so that ACME_EU is found under `/acme-eu`. Several
secrets are parted by commas, the newest first. `<PROVIDER>[__<ACCOUNT>]_MODE` says live or test
where the secrets do not. `<PROVIDER>[__ACCOUNT]_RETIRED_SECRET` has secrets that prove nothing any
more: a delivery that one of them signed is refused, and the refusal says so. What else an account
needs is `<PROVIDER>[__<ACCOUNT>]_<SETTING>`, as its dialect declares. A source that signs nothing
needs `<PROVIDER>[__<ACCOUNT>]_UNSIGNED=enabled`, and its secret is the end of its path.

Who has API_KEY_PEPPER also hears the canary of `payratchet doctor`, which can do nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.delivery import Mode, Secret
from domain.providers.canary import CANARY, Canary, secret_of
from domain.signing import key_id
from ingress.errors import StartRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from domain.delivery import Provider

    Environment = Mapping[str, str]

DEFAULT_ACCOUNT = "default"
PEPPER = "API_KEY_PEPPER"
UNSIGNED = "UNSIGNED"
SECRETS_MAX = 8
"""Secrets of one account; a rotation has two. Each costs a signature a request."""

ALIASES: Mapping[str, str] = MappingProxyType({"PAYSTACK_WEBHOOK_SECRET": "PAYSTACK_SECRET_KEY"})
"""Variables that may be set in the place of another: Paystack signs with the key of its API."""

_ACCOUNT = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Account:
    """One account of one provider, its live secrets newest first, and the world it lives in.

    `retired` are secrets that prove nothing any more, and only explain what was refused.
    """

    provider: Provider
    name: str
    secrets: tuple[Secret, ...]
    mode: Mode | None
    retired: tuple[Secret, ...] = ()


class Accounts:
    """All accounts that have a secret here; any other is not there."""

    def __init__(self, found: Mapping[tuple[str, str], Account]) -> None:
        self._found = dict(found)
        self._names = {each.provider.alias: each.provider.name for each in self}

    def __iter__(self) -> Iterator[Account]:
        """Go through them."""
        return iter(self._found.values())

    def find(self, provider: str, name: str = DEFAULT_ACCOUNT, token: str = "") -> Account | None:
        """Return the account of that name, if it is there.

        Of a source that signs nothing the path ends with its secret: `name` may be the secret of
        the account "default". Whether it is right is the dialect's to say.
        """
        provider = self._names.get(provider, provider)
        found = self._found.get((provider, name))
        if found is None and not token:
            found, token = self._found.get((provider, DEFAULT_ACCOUNT)), name
        return found if found is not None and found.provider.is_unsigned is bool(token) else None


def read(environment: Environment, providers: Mapping[str, Provider]) -> Accounts:
    """Return every account that has a secret.

    Raises StartRefused, naming the variable and never its value, for a secret that is empty or
    malformed, for two variables that contradict each other, and for secrets of both modes.
    """
    found: dict[tuple[str, str], Account] = {}
    for provider in providers.values():
        for name, variable, text in _secrets(environment, provider):
            if (provider.name, name) in found:
                raise StartRefused(f"{variable} names the account {name!r} a second time.")
            found[provider.name, name] = _account(environment, provider, name, (variable, text))
    if pepper := environment.get(PEPPER):
        secret = secret_of(pepper)
        secrets = (Secret(key_id(secret), secret.encode()),)
        found[CANARY, DEFAULT_ACCOUNT] = Account(Canary(), DEFAULT_ACCOUNT, secrets, None)
    return Accounts(found)


def _secrets(environment: Environment, provider: Provider) -> list[tuple[str, str, str]]:
    """Return (account, variable, text) of each of the provider's variables that is set."""
    prefix = _prefix(provider)
    found = []
    default = _default_secret(environment, f"{prefix}_WEBHOOK_SECRET")
    if default is not None:
        found.append((DEFAULT_ACCOUNT, *default))
    pattern = re.compile(re.escape(prefix) + "__(.*)_WEBHOOK_SECRET")
    for variable, text in sorted(environment.items()):
        match = pattern.fullmatch(variable)
        if match is None:
            continue
        if _ACCOUNT.fullmatch(match[1]) is None:
            raise StartRefused(f"{variable} names no account: A to Z, 0 to 9 and single _ only.")
        found.append((match[1].lower().replace("_", "-"), variable, text))
    return found


def _default_secret(environment: Environment, variable: str) -> tuple[str, str] | None:
    alias = ALIASES.get(variable, variable)
    given = {name: environment[name] for name in (variable, alias) if name in environment}
    if len(set(given.values())) > 1:
        raise StartRefused(f"{variable} and {alias} are both set and differ; set one of them.")
    return next(iter(given.items()), None)


def _account(
    environment: Environment, provider: Provider, name: str, setting: tuple[str, str]
) -> Account:
    variable, text = setting
    values = _values(provider, variable, text)
    stem = _stem(variable)
    _require_consent(environment, provider, stem)
    retired_variable = f"{stem}_RETIRED_SECRET"
    retired = environment.get(retired_variable)
    mode = _mode(environment, provider, variable, values)
    return Account(
        provider.configured(_settings(environment, provider, stem), mode),
        name,
        _named(values),
        mode,
        () if retired is None else _named(_values(provider, retired_variable, retired)),
    )


def _settings(environment: Environment, provider: Provider, stem: str) -> dict[str, str]:
    """Return what the account says of itself. Raises StartRefused for what is none, or missing."""
    found = {}
    for setting in provider.settings:
        variable = f"{stem}_{setting.name}"
        text = environment.get(variable)
        if text is None and setting.is_required:
            raise StartRefused(f"{variable} is not set: {setting.meaning}.")
        if text is not None and re.fullmatch(setting.form, text) is None:
            raise StartRefused(f"{variable} is wrong: {setting.meaning} is expected.")
        if text is not None:
            found[setting.name] = text
    return found


def _require_consent(environment: Environment, provider: Provider, stem: str) -> None:
    """Raise StartRefused for a source that signs nothing, unless somebody wants it all the same."""
    if provider.is_unsigned and environment.get(f"{stem}_{UNSIGNED}") != "enabled":
        raise StartRefused(
            f"{provider.name} signs nothing: whoever knows the path can call. If you want it all"
            f" the same, set {stem}_{UNSIGNED}=enabled; money moves only once it is asked."
        )


def _values(provider: Provider, variable: str, text: str) -> list[str]:
    """Return the secrets of a variable. Raises StartRefused for what is none."""
    parts = text.split(",")
    if not all(part.strip() for part in parts):
        raise StartRefused(f"{variable} is empty or has an empty element.")
    if not all(provider.is_secret(part.strip()) for part in parts):
        raise StartRefused(f"{variable} does not have the form of a secret of {provider.name}.")
    if len(parts) > SECRETS_MAX:
        raise StartRefused(f"{variable} has more than {SECRETS_MAX} secrets.")
    return [part.strip() for part in parts]


def _named(values: list[str]) -> tuple[Secret, ...]:
    return tuple(Secret(key_id(value), value.encode()) for value in values)


def _stem(variable: str) -> str:
    """Return how all variables of the account begin."""
    return variable.removesuffix("_WEBHOOK_SECRET").removesuffix("_SECRET_KEY")


def _mode(
    environment: Environment, provider: Provider, variable: str, values: list[str]
) -> Mode | None:
    """Return the one mode of all secrets, or the one that is set where they do not say."""
    modes = {mode for value in values if (mode := provider.mode_of_secret(value)) is not None}
    if len(modes) > 1:
        raise StartRefused(f"{variable} mixes secrets of live and test mode in one account.")
    mode_variable = _stem(variable) + "_MODE"
    said = environment.get(mode_variable)
    if said is None:
        return modes.pop() if modes else None
    if said not in set(Mode):
        raise StartRefused(f"{mode_variable} is neither live nor test.")
    if modes and said not in modes:
        raise StartRefused(f"{mode_variable} contradicts the mode of the secrets in {variable}.")
    return Mode(said)


def _prefix(provider: Provider) -> str:
    return provider.name.upper().replace("-", "_")
