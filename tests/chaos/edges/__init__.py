"""Fault proxies: one on every edge between two processes of a run, all in one process."""

from tests.chaos.edges.edge import Direction, Edge
from tests.chaos.edges.edges import Edges

__all__ = ["Direction", "Edge", "Edges"]
