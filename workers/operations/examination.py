"""The examination: the hops of a canary, from the settings to the console."""

from __future__ import annotations

import http.client
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from pydantic import ValidationError

import migrations
from domain.providers.canary import CANARY, secret_of, signed_headers
from domain.wakeup import Lane
from workers.operations.hops import Hop, HopFailed
from workers.operations.knocking import OK, knock
from workers.settings import DoctorSettings
from workers.store import canaries, money_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.database import Database

WORKER_S_MAX = 20.0
"""How long the canary may take from being kept to being done: the relay rings again after 3 s."""

POLL_S = 0.01
"""How often it is looked whether the canary is done."""

RUNG_S_MAX = 2.5
"""A canary that takes longer was not rung for: the relay had to."""

SAMPLE_AGE_S_MAX = 150.0
"""The relay takes a sample a minute."""

BODY = b'{"type":"canary"}'


class Doors(NamedTuple):
    """Where our processes are heard; None: at this machine, by the ports of the settings."""

    web: str | None = None
    console: str | None = None


class Examination:
    """One canary, and what is known of it on its way."""

    def __init__(self, connect: Callable[[DoctorSettings], Database], doors: Doors) -> None:
        self._connect = connect
        self._doors = doors
        self._event_id = 0

    def hops(self) -> tuple[Hop, ...]:
        """Return the hops in the order of the way; each may use what those before it found."""
        return (
            Hop("settings", self._read_settings),
            Hop("postgres", self._round_trip, ("settings",)),
            Hop("schema", self._schema, ("settings", "postgres")),
            Hop("commit", self._commit, ("settings", "postgres")),
            Hop("redis", self._redis, ("settings",)),
            Hop("web", self._web, ("settings",)),
            Hop("accepted", self._accepted, ("settings", "postgres", "schema", "web")),
            Hop("worker", self._worker, ("settings", "postgres", "schema", "accepted")),
            Hop("relay", self._relay, ("settings", "postgres", "schema")),
            Hop("console", self._console, ("settings",)),
        )

    def _read_settings(self) -> None:
        try:
            self._settings = DoctorSettings()
        except ValidationError as error:
            names = ", ".join(str(each["loc"][0]).upper() for each in error.errors())
            raise HopFailed(f"missing or wrong: {names}", "set it, or start `dev.py up`") from None
        self._database = self._connect(self._settings)
        self._web_url = self._doors.web or f"http://127.0.0.1:{self._settings.port}"
        self._console_url = self._doors.console or f"http://127.0.0.1:{self._settings.console_port}"

    def _round_trip(self) -> None:
        try:
            with self._database.transaction(durable=False) as tx:
                tx.execute("SELECT 1")
        except psycopg.Error as error:
            raise HopFailed(
                f"no answer: {type(error).__name__}",
                "is Postgres running, and DATABASE_URL right?",
                is_away=True,
            ) from None

    def _schema(self) -> str:
        with self._database.transaction(durable=False) as tx:
            found = canaries.schema_revision(tx)
            limit = money_limits.read(tx).text if found == newest_migration() else None
        wanted = newest_migration()
        if found != wanted:
            is_newer = found is not None and found > wanted
            raise HopFailed(
                f"the schema is at {found or 'nothing'}, this version needs {wanted}",
                "this program is older than the database: update it"
                if is_newer
                else "run `payratchet migrate` as the database's owner",
            )
        return f"at {found}; one person may move {limit}"

    def _commit(self) -> str | None:
        try:
            with self._database.transaction() as tx:
                unsafe = canaries.unsafe_settings(tx)
                canaries.commit_something(tx)
        except psycopg.Error as error:
            raise HopFailed(
                f"a transaction cannot be committed: {type(error).__name__}",
                "is the disk full, or the server a read-only copy?",
                is_away=True,
            ) from None
        return f"NOT DURABLE: {', '.join(unsafe)} off" if unsafe else None

    def _redis(self) -> str | None:
        import redis  # noqa: PLC0415 - a tenth of the start of every command

        from workers.broker import connect, probe  # noqa: PLC0415 - as above

        try:
            probe(connect(self._settings.redis_url))
        except (redis.RedisError, ValueError) as error:
            raise HopFailed(
                f"it takes no message: {type(error).__name__}",
                "start it, or mend REDIS_URL; until then workers ask Postgres, a little slower",
                is_away=True,
            ) from None
        return None

    def _web(self) -> None:
        do = "is web running there? else say where it is: --web URL"
        try:
            answer = knock(self._web_url, "/readyz")
        except (OSError, http.client.HTTPException) as error:
            raise HopFailed(f"{self._web_url}: no answer: {type(error).__name__}", do) from None
        if answer.status != OK:
            lacks = [name for name in ("writers", "schema") if answer.said.get(name) is False]
            why = f"{self._web_url}/readyz answers {answer.status} {' and '.join(lacks)}".strip()
            raise HopFailed(why, "read the log of web: it cannot commit")

    def _accepted(self) -> str | None:
        """Have the canary committed: by web where we can sign for it, and else by ourselves."""
        name = f"{CANARY}-{secrets.token_hex(12)}"
        if self._settings.api_key_pepper is None:
            with self._database.transaction() as tx:
                self._event_id = canaries.keep(tx, name, BODY)
            self._ring()
            return (
                "put into the inbox from here: API_KEY_PEPPER, which signs it for web, is not set"
            )
        secret = secret_of(self._settings.api_key_pepper.get_secret_value())
        headers = signed_headers(name, BODY, at_s=int(time.time()), secret=secret)
        headers = (*headers, ("content-type", "application/json"))
        try:
            answer = knock(self._web_url, f"/webhooks/{CANARY}", body=BODY, headers=headers)
        except (OSError, http.client.HTTPException) as error:
            raise HopFailed(f"no answer: {type(error).__name__}", "read the log of web") from None
        if answer.status != OK:
            code = answer.said.get("code", "")
            raise HopFailed(f"refused: {answer.status} {code}".strip(), _CURES.get(code, _ANY_CURE))
        self._event_id = int(answer.said.get("event_id", 0))
        if not self._event_id:
            raise HopFailed("whoever answers there is not our web", "say where it is: --web URL")
        return None

    def _ring(self) -> None:
        import redis  # noqa: PLC0415 - as above
        from dramatiq import BrokerConnectionError  # noqa: PLC0415 - as above

        from workers.broker import make_broker, ring  # noqa: PLC0415 - as above

        try:
            ring(make_broker(self._settings.redis_url), Lane.EVENTS, [self._event_id])
        except (redis.RedisError, BrokerConnectionError):
            return  # the relay rings; that Redis is away was said before

    def _worker(self) -> str | None:
        began_s = time.monotonic()
        while time.monotonic() - began_s < WORKER_S_MAX:
            with self._database.transaction(durable=False) as tx:
                if not canaries.is_owed(tx, self._event_id):
                    took_s = time.monotonic() - began_s
                    return _LATE if took_s > RUNG_S_MAX else None
            time.sleep(POLL_S)
        raise HopFailed(
            f"event {self._event_id} is not done after {WORKER_S_MAX:.0f} s",
            "are workers running (`python -m workers`), and do they have the same REDIS_URL?",
        )

    def _relay(self) -> str:
        with self._database.transaction(durable=False) as tx:
            age_s = canaries.sample_age_s(tx)
        if age_s is None or age_s > SAMPLE_AGE_S_MAX:
            said = "it was never here" if age_s is None else f"last seen {age_s:.0f} s ago"
            raise HopFailed(said, "is the relay running (`python -m workers.relay`)? read its log")
        return f"seen {max(0.0, age_s):.0f} s ago"

    def _console(self) -> None:
        do = "is the console running there? else say where it is: --console URL"
        try:
            answer = knock(self._console_url, "/livez")
        except (OSError, http.client.HTTPException) as error:
            raise HopFailed(f"{self._console_url}: no answer: {type(error).__name__}", do) from None
        if answer.status != OK:
            raise HopFailed(f"{self._console_url}/livez answers {answer.status}", do)


_LATE = "late: its ring was lost, or workers are busy"
_ANY_CURE = "read the log of web"
_CURES = {
    "provider_unknown": "give web the same API_KEY_PEPPER and start it again",
    "signature_invalid": "web has another API_KEY_PEPPER than this command",
    "signature_expired": "the clocks of this machine and of web's differ by minutes",
    "store_unavailable": "web cannot commit: read its log, and the hop `commit`",
}


def newest_migration() -> str:
    """Return the newest migration that this version has."""
    folder = Path(migrations.__file__).parent / "versions"
    return max(file.name.partition("_")[0] for file in folder.glob("[0-9]*_*.py"))
