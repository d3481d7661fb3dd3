"""Operators: who may act, what they sign in with, and what they did.

Only the owner of the database may write the table of operators; everybody else reads it. What is
done is kept in `operator_actions`, which only grows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from domain.operators import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.database import Transaction
    from workers.store.views import Shown

OPERATORS_SHOWN_MAX = 500
"""Operators in one list: they are people of one company."""

_NOTHING: Mapping[str, object] = {}


class Operator(NamedTuple):
    """Somebody who may act now: not revoked."""

    name: str
    role: Role


class Keys(NamedTuple):
    """What is kept of an operator's token and password: enough to know them again, no more."""

    token_hash: bytes
    password_hash: str


def create(tx: Transaction, operator: Operator, keys: Keys, *, created_by: str) -> bool:
    """Create an operator; return whether the name was free. A revoked one's is not."""
    query = """INSERT INTO operators (name, role, token_hash, password_hash, created_by)
               VALUES (%s, %s, %s, %s, %s) ON CONFLICT ON CONSTRAINT operators_pkey DO NOTHING"""
    return tx.execute(query, (*operator, *keys, created_by)).rowcount == 1


def renew(tx: Transaction, name: str, keys: Keys) -> bool:
    """Give an operator another token and password; return whether there is such a live one."""
    query = """UPDATE operators SET token_hash = %s, password_hash = %s
               WHERE name = %s AND revoked_at IS NULL"""
    return tx.execute(query, (*keys, name)).rowcount == 1


def revoke(tx: Transaction, name: str) -> bool:
    """Let an operator act no more, from now on; return whether there is such a live one."""
    query = "UPDATE operators SET revoked_at = now() WHERE name = %s AND revoked_at IS NULL"
    return tx.execute(query, (name,)).rowcount == 1


def end_sessions(tx: Transaction, name: str) -> int:
    """End an operator's sessions on the console; return how many were live."""
    query = """UPDATE operator_sessions SET ended_at = now()
               WHERE operator = %s AND ended_at IS NULL AND expires_at > now()"""
    return tx.execute(query, (name,)).rowcount


def by_token(tx: Transaction, token_hash: bytes) -> Operator | None:
    """Return the operator whose token has this hash, None where nobody's has or it is revoked."""
    query = "SELECT name, role FROM operators WHERE token_hash = %s AND revoked_at IS NULL"
    return _operator(tx.execute(query, (token_hash,)).fetchone())


def by_name(tx: Transaction, name: str) -> Operator | None:
    """Return the operator of this name, None where there is none or it is revoked."""
    query = "SELECT name, role FROM operators WHERE name = %s AND revoked_at IS NULL"
    return _operator(tx.execute(query, (name,)).fetchone())


def password_hash(tx: Transaction, name: str) -> str | None:
    """Return what is kept of a live operator's password."""
    query = "SELECT password_hash FROM operators WHERE name = %s AND revoked_at IS NULL"
    row = tx.execute(query, (name,)).fetchone()
    return row[0] if row else None


def any_exist(tx: Transaction) -> bool:
    """Return whether anybody was ever made an operator, revoked ones included."""
    row = tx.execute("SELECT EXISTS (SELECT FROM operators)").fetchone()
    return row is not None and row[0]


_HANDS = """
    WITH RECURSIVE hand(actor) AS (
        SELECT %s::text
        UNION
        SELECT a.actor FROM hand h
        JOIN operator_actions a ON a.subject = h.actor
        WHERE a.action IN ('operator_created', 'operator_renewed')
          AND a.at > now() - make_interval(secs => %s)
          AND starts_with(a.actor, 'operator:')
    )
    SELECT actor FROM hand
"""


def hands(tx: Transaction, actor: str, *, within_s: int) -> set[str]:
    """Return who may have the keys of an operator in hand: they, and who gave them lately.

    Who gave them may have had theirs from another, who then counts too. Whoever runs the host of
    the database, and is no operator, is not among them: they need nobody's keys.
    """
    return {row[0] for row in tx.execute(_HANDS, (actor, within_s)).fetchall()}


def listed(tx: Transaction) -> list[Shown]:
    """Return the operators, those that are revoked last."""
    query = """SELECT name AS operator, role, created_by, created_at, revoked_at FROM operators
               ORDER BY revoked_at IS NOT NULL, name LIMIT %s"""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, (OPERATORS_SHOWN_MAX,)).fetchall()


def note(
    tx: Transaction,
    actor: str,
    action: str,
    subject: str,
    *,
    reason: str,
    details: Mapping[str, object] = _NOTHING,
) -> None:
    """Keep for ever that somebody did something to `subject` (`operator:ada`, `approval:7`)."""
    tx.execute(
        """INSERT INTO operator_actions (actor, action, subject, reason, details)
           VALUES (%s, %s, %s, %s, %s)""",
        (actor, action, subject, reason, Jsonb(dict(details))),
    )


def _operator(row: tuple[str, str] | tuple[object, ...] | None) -> Operator | None:
    return Operator(str(row[0]), Role(str(row[1]))) if row else None
