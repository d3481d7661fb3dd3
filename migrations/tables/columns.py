"""Columns that must have a value, and columns that may have none."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, MetaData
from sqlalchemy.types import TypeEngine

METADATA = MetaData()
"""Every table of this package, once it is imported."""

Time = DateTime(timezone=True)

_Type = TypeEngine[Any] | type[TypeEngine[Any]]


def required(name: str, type_: _Type) -> Column[Any]:
    """Return a column that is never null."""
    return Column(name, type_, nullable=False)


def optional(name: str, type_: _Type) -> Column[Any]:
    """Return a column that may be null."""
    return Column(name, type_, nullable=True)
