"""Clients of the API: who may ask, the keys they show, and what operators did with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.database import Transaction
    from workers.store.views import Shown

CLIENTS_SHOWN_MAX = 500
"""Clients in one list: they are services of one company."""


class Client(NamedTuple):
    """A client, its row locked. A limit that is None is the default one."""

    id: str
    name: str
    scopes: list[str]
    initialize_limit: str | None
    verify_limit: str | None
    revoked_at: datetime | None


class Act(NamedTuple):
    """Who does something to a client, and why."""

    actor: str
    reason: str


_CREATE = """
    INSERT INTO api_clients (id, name, scopes, initialize_limit, verify_limit, created_by)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT ON CONSTRAINT api_clients_name_once DO NOTHING
"""


def create(tx: Transaction, client: Client, act: Act) -> bool:
    """Create the client without a key; return whether its name was free."""
    values = (*client[:5], act.actor)
    if tx.execute(_CREATE, values).rowcount == 0:
        return False
    _note(tx, client.id, "created", None, act)
    return True


_FIND = """
    SELECT id, name, scopes, initialize_limit, verify_limit, revoked_at
    FROM api_clients WHERE id = %s OR name = %s
    ORDER BY id = %s DESC LIMIT 1
    FOR UPDATE
"""


def lock(tx: Transaction, name_or_id: str) -> Client | None:
    """Return the client of this id, or else of this name, its row locked."""
    row = tx.execute(_FIND, (name_or_id, name_or_id, name_or_id)).fetchone()
    return Client(*row) if row else None


def add_key(tx: Transaction, client_id: str, prefix: str, key_hash: bytes, act: Act) -> None:
    """Give the client a key more. The caller holds its row, and counts its live keys."""
    tx.execute(
        "INSERT INTO api_keys (prefix, client_id, key_hash, created_by) VALUES (%s, %s, %s, %s)",
        (prefix, client_id, key_hash, act.actor),
    )
    _note(tx, client_id, "rotated", prefix, act)


_LIVE = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"


def live_keys(tx: Transaction, client_id: str) -> list[str]:
    """Return the prefixes of the client's live keys, oldest first."""
    query = f"""SELECT prefix FROM api_keys WHERE client_id = %s AND {_LIVE}
                ORDER BY created_at, prefix"""
    return [row[0] for row in tx.execute(query, (client_id,)).fetchall()]


def end_key(tx: Transaction, client_id: str, prefix: str, act: Act) -> bool:
    """End one live key at once; return whether there was one."""
    query = (
        f"UPDATE api_keys SET revoked_at = now() WHERE prefix = %s AND client_id = %s AND {_LIVE}"
    )
    if tx.execute(query, (prefix, client_id)).rowcount == 0:
        return False
    _note(tx, client_id, "key_ended", prefix, act)
    return True


def expire_keys(tx: Transaction, prefixes: Sequence[str], *, after_s: float) -> None:
    """Let keys live so long at most."""
    tx.execute(
        """UPDATE api_keys
           SET expires_at = least(expires_at, now() + make_interval(secs => %s))
           WHERE prefix = ANY(%s)""",
        (after_s, list(prefixes)),
    )


def revoke(tx: Transaction, client_id: str, act: Act) -> None:
    """End the client and all of its keys, for good."""
    tx.execute("UPDATE api_clients SET revoked_at = now() WHERE id = %s", (client_id,))
    tx.execute(
        f"UPDATE api_keys SET revoked_at = now() WHERE client_id = %s AND {_LIVE}", (client_id,)
    )
    _note(tx, client_id, "revoked", None, act)


def limit(
    tx: Transaction, client_id: str, initialize: str | None, verify: str | None, act: Act
) -> None:
    """Set how often the client may ask; None is the default."""
    query = "UPDATE api_clients SET initialize_limit = %s, verify_limit = %s WHERE id = %s"
    tx.execute(query, (initialize, verify, client_id))
    words = f"initialize {initialize or 'default'}, verify {verify or 'default'}: {act.reason}"
    _note(tx, client_id, "limited", None, act._replace(reason=words))


def _note(tx: Transaction, client_id: str, action: str, prefix: str | None, act: Act) -> None:
    tx.execute(
        """INSERT INTO api_client_actions (client_id, action, key_prefix, actor, reason)
           VALUES (%s, %s, %s, %s, %s)""",
        (client_id, action, prefix, act.actor, act.reason),
    )


_LISTED = f"""
    SELECT c.id AS client_id, c.name, c.scopes, c.initialize_limit, c.verify_limit, c.created_by,
           c.created_at, c.revoked_at,
           coalesce((SELECT jsonb_agg(jsonb_build_object(
                         'prefix', prefix, 'created_by', created_by, 'created_at', created_at,
                         'expires_at', expires_at, 'last_used_at', last_used_at)
                         ORDER BY created_at, prefix)
                     FROM api_keys k WHERE k.client_id = c.id AND {_LIVE}), '[]') AS keys
    FROM api_clients c
    ORDER BY c.revoked_at IS NOT NULL, c.name LIMIT {CLIENTS_SHOWN_MAX}
"""


def listed(tx: Transaction) -> list[Shown]:
    """Return the clients with their live keys, those that are revoked last."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_LISTED).fetchall()
