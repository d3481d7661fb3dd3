"""Bugs of the door: how webhooks are verified, kept, rung for and answered."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import redis

from tests.chaos.planted.taking import late, put

COMMITS_LATE_S = 0.05
"""Seconds between what should come after the commit and the commit."""

RINGS_EARLY_S = 0.15
"""Seconds by which the bell is too early: time for a worker to look in vain."""

SEEN_LIVES_S = 300
SEEN = "lab:seen:"
REDIS_S_MAX = 0.5


def _in_a_transaction(record: Any) -> tuple[Any, Any]:
    statement = record.statements.KEEP.__class__
    return statement(b"lab_begin", "BEGIN"), statement(b"lab_commit", "COMMIT")


async def _inserted(record: Any, wire: Any, waiting: list[Any]) -> list[int]:
    """Insert as a round does, and settle the copies of what is new."""
    leaders = record.fold(waiting)
    fresh: list[int] = await record._insert(wire, leaders)  # noqa: SLF001
    if len(leaders) < len(waiting):
        record._follow(leaders, waiting)  # noqa: SLF001
    return fresh


async def _join(recorder: Any, wire: Any, waiting: list[Any]) -> list[Any]:
    known = [entry for entry in waiting if not entry.event_id]
    again: list[Any] = await recorder._join_first(wire, known) if known else []  # noqa: SLF001
    return again


def answers_before_the_commit(record: Any) -> None:
    begin, commit = _in_a_transaction(record)

    async def round_(self: Any, wire: Any, groups: Any, waiting: list[Any]) -> list[Any]:
        await wire.rows(begin, ())
        fresh = await _inserted(record, wire, waiting)
        record.settle(groups)
        await asyncio.sleep(COMMITS_LATE_S)
        await wire.rows(commit, ())
        self._doorbell.ring(record.Lane.EVENTS, fresh)
        return await _join(self, wire, waiting)

    put(record.Recorder, "_round", round_)


def rings_before_the_commit(record: Any) -> None:
    begin, commit = _in_a_transaction(record)

    async def round_(self: Any, wire: Any, groups: Any, waiting: list[Any]) -> list[Any]:
        await wire.rows(begin, ())
        fresh = await _inserted(record, wire, waiting)
        self._doorbell.ring(record.Lane.EVENTS, fresh)
        await asyncio.sleep(RINGS_EARLY_S)
        await wire.rows(commit, ())
        record.settle(groups)
        return await _join(self, wire, waiting)

    put(record.Recorder, "_round", round_)


def knows_events_by_redis(record: Any) -> None:
    """De-duplicate by what Redis remembers for a while, as far as it does."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=REDIS_S_MAX)

    def name(identity: tuple[str, str, str]) -> str:
        return SEEN + ":".join(identity)

    def is_new(identity: tuple[str, str, str]) -> bool:
        try:
            return bool(client.set(name(identity), b"", nx=True, ex=SEEN_LIVES_S))
        except redis.RedisError:
            return True

    async def insert(wire: Any, leaders: dict[Any, Any]) -> list[int]:
        new = {identity: entry for identity, entry in leaders.items() if is_new(identity)}
        if not new:
            return []
        try:
            return await right(wire, new)  # type: ignore[no-any-return]
        except BaseException:
            client.delete(*map(name, new))
            raise

    right = put(record, "_insert", insert)


def keeps_before_it_verifies(webhooks: Any) -> None:
    verified_by = late("domain.delivery").Verified

    async def verified(self: Any, scope: Any, delivery: Any, account: Any) -> Any:
        head = webhooks.gate.head_of(scope)
        event = account.provider._keyed(delivery)  # noqa: SLF001
        arrival = webhooks._arrival(account, head, delivery, verified_by("", (event,)))  # noqa: SLF001
        await self._group_commit.keep(webhooks.entries(arrival, (event,)))
        return await right(self, scope, delivery, account)

    right = put(webhooks.Webhooks, "_verified", verified)


def believes_every_signature(signing: Any) -> None:
    def matching_key_id(secrets: Any, candidates: Any, code_of: Any) -> str:
        del candidates, code_of
        key_id: str = secrets[0].key_id
        return key_id

    put(signing, "matching_key_id", matching_key_id)


def logs_secrets(webhooks: Any) -> None:
    def log(kept: Any, account: Any, head: Any) -> None:
        right(kept, account, head)
        known = [secret.value.decode() for secret in account.secrets]
        webhooks.log.info("delivery.verified", reason=f"verified with {known}")

    right = put(webhooks, "_log", log)


def answers_500(errors: Any) -> None:
    put(errors.StoreUnavailable, "http_status", 500)


def commits_without_the_disk(store: Any) -> None:
    async def prepare(connection: Any, *, allow_unsafe: bool) -> None:
        await right(connection, allow_unsafe=allow_unsafe)
        await connection.execute("SET synchronous_commit = 'off'")

    right = put(store, "prepare", prepare)


def leaks_descriptors(webhooks: Any) -> None:
    """Keep one for each delivery, as a forgotten file would be."""

    def log(kept: Any, account: Any, head: Any) -> None:
        right(kept, account, head)
        os.open(os.devnull, os.O_RDONLY)

    right = put(webhooks, "_log", log)
