"""Fixtures: a record with some life in it, and the command line as an operator runs it."""

from __future__ import annotations

from tests.operations.conftest import payratchet, scene, tester

__all__ = ["payratchet", "scene", "tester"]
