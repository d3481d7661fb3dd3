"""A grown database: as many finished payments as a service of some age has behind it."""

from __future__ import annotations

from tests.bench.history.growth import grow

__all__ = ["grow"]
