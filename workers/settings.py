"""What each process may know. Nothing else reads the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

Url = Annotated[str, StringConstraints(min_length=1)]


class StoreSettings(BaseSettings):
    """Where the record is kept."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

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
