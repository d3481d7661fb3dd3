"""Who acts: the one way in which a command that changes something learns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain import operators
from domain.operators import Role
from workers.operations import surroundings
from workers.operations.options import database
from workers.operations.output import Failed
from workers.settings import OperatorSettings, StoreSettings
from workers.store import operators as rows

if TYPE_CHECKING:
    from workers.database import Transaction

TOKEN = "PAYRATCHET_OPERATOR_TOKEN"  # noqa: S105 - the name of the variable


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, as the history names them, and what they may do."""

    actor: str
    role: Role


def operator(need: Role = Role.OPERATOR) -> Acting:
    """Return who runs this command. Raises Failed unless they have at least the role `need`.

    It is whose token the environment has. Without one, beside a local `up` or `demo` for which
    nobody was ever made an operator, it is the account that runs the command, as an operator.
    """
    token = _token()
    with database().transaction() as tx:
        found = _of_checkout(tx) if token is None else _of_token(tx, token)
    if not operators.may(found.role, need):
        raise Failed(
            "role_missing", f"{found.actor} is {found.role}; this needs the role {need} at least"
        )
    return found


def sees_values() -> bool:
    """Return whether whoever runs this command may see what is masked for others."""
    try:
        operator()
    except Failed:
        return False
    return True


def administrator() -> Acting:
    """Return who says which operators there are: an approver, or whoever runs this host.

    Without a token the right is that of the database's role: only its owner may write the table
    of operators. Raises Failed for a token that is not an approver's.
    """
    return operator(Role.APPROVER) if _token() is not None else host()


def host() -> Acting:
    """Return whoever runs this host, who is no operator: what they may, the database says."""
    return Acting(f"administrator:{surroundings.user()}", Role.APPROVER)


def _token() -> str | None:
    given = OperatorSettings().payratchet_operator_token
    return None if given is None else given.get_secret_value()


def _of_token(tx: Transaction, token: str) -> Acting:
    token_hash = operators.token_hash(token)
    found = rows.by_token(tx, token_hash) if token_hash is not None else None
    if found is None:
        raise Failed("operator_token_invalid", f"{TOKEN} is nobody's token, or was revoked")
    return Acting(operators.actor_of(found.name), found.role)


def _of_checkout(tx: Transaction) -> Acting:
    if rows.any_exist(tx):
        raise Failed("operator_token_missing", f"set {TOKEN} to your token")
    if not surroundings.is_local(StoreSettings().database_url):
        raise Failed(
            "operators_missing",
            "nobody may act yet: the database's owner runs `payratchet operators create` first",
        )
    return Acting(operators.actor_of(surroundings.user()), Role.OPERATOR)
