"""What each process may know. Nothing else reads the environment."""

from __future__ import annotations

import ipaddress
import os
import re
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    InstanceOf,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from domain import money_limit
from domain.addresses import Network  # noqa: TC001 - pydantic reads it when the module is loaded
from domain.api_keys import PEPPER_LENGTH_MIN
from domain.providers import PROVIDERS
from domain.providers.look_up import KEY
from domain.providers.look_ups import LOOK_UPS
from workers import look_up_accounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

Url = Annotated[str, StringConstraints(min_length=1)]


SettingsType = TypeVar("SettingsType", bound=BaseSettings)


def load(kind: type[SettingsType]) -> SettingsType:
    """Read the settings of a process. Exits with a sentence when one is missing or wrong."""
    try:
        return kind()
    except ValidationError as error:
        wrong = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise SystemExit(f"settings_refused: {wrong}") from None


class StoreSettings(BaseSettings):
    """Where the record is kept. An unsafe store is for tests and throw-away runs."""

    # A refused value may hold a password: an error names the variable and never what it holds.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: Url
    payratchet_allow_unsafe_store: bool = False


class WorkerSettings(StoreSettings):
    """A worker: the two stores and how many events it may have in hand at once."""

    redis_url: Url
    worker_threads: int = Field(default=2, ge=1, le=16)


VERIFY_STEPS_MAX = 50
"""Times at which one payment may be asked about."""


class RelaySettings(StoreSettings):
    """The relay: the two stores, how long events are kept, and when providers are asked.

    `verify_after_s` has the seconds after which a payment under way is asked about, by commas.
    `reconcile_every_s` is how often each account that is in use is reconciled; 0 is never.
    """

    redis_url: Url
    reconcile_every_s: int = Field(default=3_600, ge=0)
    event_retention_days: int = Field(default=400, ge=35)
    verify_after_s: str = "300,3600,86400,172800,259200,345600,432000,518400,604800"

    @field_validator("verify_after_s")
    @classmethod
    def _is_schedule(cls, value: str) -> str:
        """Refuse what is no schedule: at least one time, each later than the one before."""
        parts = value.split(",")
        is_listed = 0 < len(parts) <= VERIFY_STEPS_MAX and all(
            part.strip().isascii() and part.strip().isdecimal() for part in parts
        )
        times_s = [int(part) for part in parts] if is_listed else [0]
        if times_s[0] < 1 or any(a >= b for a, b in pairwise(times_s)):
            raise ValueError("whole seconds that grow are expected, with commas between them")
        return value

    @property
    def schedule_s(self) -> tuple[int, ...]:
        """Return the times of the schedule, seconds since the payment was handed over."""
        return tuple(int(part) for part in self.verify_after_s.split(","))


class OperatorSettings(BaseSettings):
    """Who runs a command: the token that `operators create` printed."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    payratchet_operator_token: SecretStr | None = None


class MoneyLimitSettings(BaseSettings):
    """How much one person may move, as the release is to write it into the database.

    What it writes holds for everybody, whatever they have in the environment; see `limiting`. None
    leaves it as it is.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    money_limit_minor: str | None = None

    @field_validator("money_limit_minor")
    @classmethod
    def _is_limit(cls, value: str | None) -> str | None:
        """Refuse what is no limit, rather than fall back to one that nobody chose."""
        if value is not None:
            money_limit.parse(value)
        return value


SESSION_SECRET_LENGTH_MIN = 32
"""Characters of what sessions are kept with."""

METRICS_TOKEN_LENGTH_MIN = 16
"""Characters of what a scraper must say."""


class ConsoleSettings(StoreSettings):
    """The console: the record, a port that is not for the public, and who may come in.

    `console_hosts` are further names under which it is called, by commas. With
    `console_secure_cookies` at "auto" cookies are for https only, unless the console is called in
    the clear by a name of this machine.
    """

    redis_url: Url
    console_host: str = "127.0.0.1"
    console_port: int = Field(default=8001, ge=0, le=65_535)
    console_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    console_secure_cookies: Literal["auto", "always"] = "auto"
    session_secret: SecretStr = Field(min_length=SESSION_SECRET_LENGTH_MIN)
    metrics_token: SecretStr | None = Field(default=None, min_length=METRICS_TOKEN_LENGTH_MIN)
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()

    @field_validator("console_hosts", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        """Take names, parted by commas."""
        if not isinstance(value, str):
            return value
        return [part.strip().lower() for part in value.split(",") if part.strip()]

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        """Take addresses and networks, parted by commas."""
        if not isinstance(value, str):
            return value
        try:
            return [ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip()]
        except ValueError:
            raise ValueError("addresses and networks parted by commas are expected") from None


DEFAULT_ACCOUNT = "default"

ACTING: Mapping[str, str] = MappingProxyType({"paystack": "SECRET_KEY", "stripe": "API_KEY"})
"""Of each provider that payments are made by, how the variables of its keys end."""

KEY_VARIABLES: Mapping[str, str] = MappingProxyType({**ACTING, **dict.fromkeys(LOOK_UPS, KEY)})
"""Of each provider that can be asked, how the variables of its keys end."""

_ACCOUNT = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)*")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _base_url(value: str) -> str:
    """Refuse what would send a key in the clear, or anywhere but to the host that is named."""
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:
        raise ValueError("a URL is expected") from None
    is_safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOOPBACK)
    if not is_safe or not url.hostname or url.username is not None or {"?", "#"} & set(value):
        raise ValueError("a URL with https is expected (http for this machine only)")
    return value.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_base_url)]


class CallSettings(BaseSettings):
    """How the providers are asked.

    `accounts` has the key of each (provider, account) that may be asked. `<PROVIDER>_…` is the
    account "default", `<PROVIDER>__<ACCOUNT>_…` a further one: PAYSTACK_SECRET_KEY,
    STRIPE__ACME_EU_API_KEY (the account "acme-eu"). Of keys parted by commas, the newest stands
    first, and only that one is used for asking. `call_threads` is how many calls a process has
    under way at once; one account has half of them at most. `look_ups` are the accounts of the
    providers that are asked and nothing else (`workers.look_up_accounts`).
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    paystack_api_url: BaseUrl = "https://api.paystack.co"
    stripe_api_url: BaseUrl = "https://api.stripe.com"
    call_threads: int = Field(default=32, ge=1, le=128)
    accounts: InstanceOf[dict[tuple[str, str], SecretStr]] = Field(default={}, repr=False)
    look_ups: InstanceOf[dict[tuple[str, str], look_up_accounts.LookUpAccount]] = Field(
        default={}, repr=False
    )

    def base_url(self, provider: str) -> str:
        """Return where the provider's API is, without a slash at the end."""
        return {"paystack": self.paystack_api_url, "stripe": self.stripe_api_url}[provider]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the variables, and the accounts that their names spell; no files."""
        del dotenv_settings, file_secret_settings
        return (init_settings, _KeySource(settings_cls), env_settings)


class _KeySource(PydanticBaseSettingsSource):
    """The source of `accounts`, whose variables are named by provider and account."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Give nothing: `__call__` does."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the accounts that have a key."""
        return {
            "accounts": keys(os.environ),
            "look_ups": look_up_accounts.read(os.environ, _base_url),
        }


def keys(environment: Mapping[str, str]) -> dict[tuple[str, str], SecretStr]:
    """Return the newest key of each account that has one.

    Raises SystemExit, naming the variable and never its value, for a key of no possible form.
    """
    found: dict[tuple[str, str], SecretStr] = {}
    for provider, ending in ACTING.items():
        pattern = re.compile(f"{provider.upper()}(?:__(.+))?_{ending}")
        for variable, text in environment.items():
            match = pattern.fullmatch(variable)
            if match is None:
                continue
            if match[1] is not None and _ACCOUNT.fullmatch(match[1]) is None:
                raise SystemExit(f"settings_refused: {variable}: names no account")
            newest = text.split(",")[0].strip()
            if not PROVIDERS[provider].is_secret(newest):
                raise SystemExit(f"settings_refused: {variable}: no key of {provider}")
            account = match[1].lower().replace("_", "-") if match[1] else DEFAULT_ACCOUNT
            found[provider, account] = SecretStr(newest)
    return found


class DoctorSettings(StoreSettings):
    """Where everything is that a canary passes; the pepper signs it where it is known."""

    redis_url: Url
    port: int = Field(default=8000, ge=0, le=65_535)
    console_port: int = Field(default=8001, ge=0, le=65_535)
    api_key_pepper: SecretStr | None = Field(default=None, min_length=PEPPER_LENGTH_MIN)


WEBHOOK_SECRETS: Mapping[str, str] = MappingProxyType(
    {"PAYSTACK_WEBHOOK_SECRET": "PAYSTACK_SECRET_KEY"}
)
"""Variables that may be set in the place of another: Paystack signs with the key of its API."""


def webhook_secrets(provider: str) -> dict[str, str]:
    """Return every variable that has webhook secrets of the provider, live or retired, by name."""
    prefix = provider.upper().replace("-", "_")
    alias = WEBHOOK_SECRETS.get(f"{prefix}_WEBHOOK_SECRET")
    pattern = re.compile(f"{prefix}(?:__.+)?_(?:WEBHOOK|RETIRED)_SECRET")
    return {
        name: text
        for name, text in sorted(os.environ.items())
        if pattern.fullmatch(name) or name == alias
    }


def variable(name: str) -> str | None:
    """Return a variable that a person has named, for the command at hand."""
    return os.environ.get(name)


class KeySettings(BaseSettings):
    """What the hashes of API keys are made with: for commands that make keys, and no others."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    api_key_pepper: SecretStr | None = Field(default=None, min_length=PEPPER_LENGTH_MIN)
