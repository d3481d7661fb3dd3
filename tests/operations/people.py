"""Operators as rows: what `operators create` makes, but for the time that a hash takes."""

from __future__ import annotations

import hashlib

import psycopg

from domain import operators
from domain.operators import Role

TESTER = "tester"
"""The operator who runs the commands of tests, unless a test says otherwise."""

NO_PASSWORD = "nobody's"


def token_of(name: str) -> str:
    """Return the token of an operator of tests."""
    return operators.written(hashlib.sha256(name.encode()).digest())


def appoint(database_url: str, name: str, role: Role = Role.OPERATOR) -> str:
    """Make an operator, and return the token."""
    token = token_of(name)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO operators (name, role, token_hash, password_hash, created_by)"
            " VALUES (%s, %s, %s, %s, 'administrator:test')",
            (name, role, operators.token_hash(token), NO_PASSWORD),
        )
    return token
