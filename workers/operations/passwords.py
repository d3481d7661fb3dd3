"""Passwords of the console: made, kept as argon2id hashes, and held against what is typed."""

from __future__ import annotations

import secrets

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from domain.operators import PASSWORD_LENGTH_MAX

GROUPS = 5
GROUP_LENGTH = 5
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Made passwords: 25 characters of 32, which is 125 bits; none looks like another."""


def make() -> str:
    """Return a new password that a person can copy by hand."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


def hashed(password: str) -> str:
    """Return what is kept of a password: argon2id, with what RFC 9106 advises (64 MiB)."""
    return argon2.PasswordHasher().hash(password)


def is_right(password_hash: str, password: str) -> bool:
    """Return whether this is the password. It takes as long, and as much memory, when it is not."""
    if len(password) > PASSWORD_LENGTH_MAX:
        return False
    try:
        return argon2.PasswordHasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
