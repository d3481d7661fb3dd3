"""What the ingress is told by its environment: read once, here, and nowhere else."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import psycopg.conninfo
import redis.connection
from pydantic import Field, InstanceOf, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from domain import rates
from domain.addresses import Network  # noqa: TC001 - pydantic reads it when the module is loaded
from domain.api_keys import PEPPER_LENGTH_MIN
from domain.providers import PROVIDERS
from ingress import accounts
from ingress.accounts import Accounts
from ingress.errors import StartRefused

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


BODY_BYTES_MAX_DEFAULT = 262_144
"""Bytes of a webhook's body; the largest a provider documents is 256 KiB."""


class Settings(BaseSettings):
    """The environment of one ingress process.

    `host` is the loopback unless told otherwise: whoever serves the outside says so (`HOST=0.0.0.0`
    in a container). `accounts` is made of the `…_WEBHOOK_SECRET` variables (`ingress.accounts`).
    `key_authorities_file` has the authorities (PEM) that are believed when a provider is asked for
    a key, in the place of those that browsers know. `api_key_pepper` is what hashes of API keys are
    keyed with; without it there is no API.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, case_sensitive=False
    )

    database_url: str = Field(min_length=1, repr=False)
    redis_url: str = Field(min_length=1, repr=False)
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    web_concurrency: int = Field(default=1, ge=1, le=64)
    webhook_body_bytes_max: int = Field(default=BODY_BYTES_MAX_DEFAULT, ge=1, le=16_777_216)
    key_authorities_file: str | None = None
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    payratchet_allow_unsafe_store: bool = False
    api_key_pepper: str | None = Field(default=None, min_length=PEPPER_LENGTH_MIN, repr=False)
    rate_limit_initialize: str = "5/minute"
    rate_limit_verify: str = "10/minute"
    accounts: InstanceOf[Accounts] = Field(default=Accounts({}), repr=False)

    @field_validator("database_url")
    @classmethod
    def _of_postgres(cls, value: str) -> str:
        """Refuse what libpq cannot read."""
        try:
            psycopg.conninfo.conninfo_to_dict(value)
        except psycopg.ProgrammingError:
            raise ValueError("a URL of Postgres is expected") from None
        return value

    @field_validator("redis_url")
    @classmethod
    def _of_redis(cls, value: str) -> str:
        """Refuse what the Redis client cannot read."""
        try:
            redis.connection.parse_url(value)  # type: ignore[no-untyped-call]
        except ValueError:
            raise ValueError("a URL of Redis is expected") from None
        return value

    @field_validator("key_authorities_file")
    @classmethod
    def _of_authorities(cls, value: str | None) -> str | None:
        """Refuse a file that is not there."""
        if value is not None and not Path(value).is_file():
            raise ValueError("a file of certificates is expected")
        return value

    @field_validator("rate_limit_initialize", "rate_limit_verify")
    @classmethod
    def _a_rate(cls, value: str) -> str:
        """Refuse what is no rate."""
        rates.parse(value)
        return value

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
        return (init_settings, _AccountSource(settings_cls), env_settings)


class _AccountSource(PydanticBaseSettingsSource):
    """The source of `accounts`, whose variables are named by provider and account."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Give nothing: `__call__` does."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the accounts that have a secret."""
        return {"accounts": accounts.read(os.environ, PROVIDERS)}


def load() -> Settings:
    """Return the settings of this process.

    Raises StartRefused with one sentence that names the variable and never its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = "_".join(str(part) for part in first["loc"][:1]).upper()
        if first["type"] == "missing":
            raise StartRefused(f"{variable} is not set.") from None
        raise StartRefused(f"{variable} is not valid: {first['msg']}.") from None
