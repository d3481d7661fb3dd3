"""Operators: the people who may look, act and decide, and how their tokens are written."""

from __future__ import annotations

import base64
import hashlib
import re
from enum import StrEnum

TOKEN_BYTES = 32
"""Random bytes of a token: so many that a plain hash of it tells nothing."""

PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 200
"""Characters of a password for the console; the longest bounds what one sign-in may cost."""

KEYS_GIVEN_S_MIN = 7 * 86_400
"""How long whoever gave somebody a token and a password may still have them in hand. Until then the
two are not two people, whichever of them asks and whichever agrees."""

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
"""What an operator may be called. The history uses the name for ever, so it is given once."""

_TOKEN = re.compile(r"pro_[A-Za-z0-9_-]{43}")
_ACTOR = "operator:"


class Role(StrEnum):
    """What an operator may do. Each may also do what those before it may."""

    VIEWER = "viewer"  # look
    OPERATOR = "operator"  # act, and ask for what needs a second person
    APPROVER = "approver"  # be that second person, and say who else may act


_RANKS = {role: rank for rank, role in enumerate(Role)}


def may(role: Role, need: Role) -> bool:
    """Return whether a role covers what at least the role `need` may do."""
    return _RANKS[role] >= _RANKS[need]


def actor_of(name: str) -> str:
    """Return how the history names an operator."""
    return f"{_ACTOR}{name}"


def name_of(actor: str) -> str | None:
    """Return the name of the operator that the history names so, None for other actors."""
    return actor.removeprefix(_ACTOR) if actor.startswith(_ACTOR) else None


def written(random: bytes) -> str:
    """Return the token made of `TOKEN_BYTES` random bytes.

    Raises ValueError for another length: a token of less chance is no token.
    """
    if len(random) != TOKEN_BYTES:
        msg = f"{TOKEN_BYTES} random bytes are expected"
        raise ValueError(msg)
    return f"pro_{base64.urlsafe_b64encode(random).decode().rstrip('=')}"


def token_hash(token: str) -> bytes | None:
    """Return what is kept of a token: its SHA-256. None for what cannot be one of ours."""
    if not _TOKEN.fullmatch(token):
        return None
    return hashlib.sha256(token.encode()).digest()
