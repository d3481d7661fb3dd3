"""What each process may know. Nothing else reads the environment."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

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
    """Where the record is kept."""

    # A refused value may hold a password: an error names the variable and never what it holds.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: Url


class WorkerSettings(StoreSettings):
    """A worker: the two stores and how many events it may have in hand at once."""

    redis_url: Url
    worker_threads: int = Field(default=2, ge=1, le=16)


class RelaySettings(StoreSettings):
    """The relay: the two stores and how long events are kept."""

    redis_url: Url
    event_retention_days: int = Field(default=400, ge=35)


class ConsoleSettings(StoreSettings):
    """The console: the record, and a port that is not for the public."""

    redis_url: Url
    console_host: str = "127.0.0.1"
    console_port: int = Field(default=8001, ge=0, le=65_535)
