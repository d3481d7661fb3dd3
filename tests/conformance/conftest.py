"""The scene and the command line of the operators' tests."""

from __future__ import annotations

from tests.operations.conftest import payratchet, scene, tester

__all__ = ["payratchet", "scene", "tester"]
