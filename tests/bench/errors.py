"""What ends a run of the benchmark."""

from __future__ import annotations


class BenchFailed(Exception):
    """The run cannot go on; the text says why and what to do."""


class RunVoid(BenchFailed):
    """A measure left the books as an invariant forbids: its figure is worth nothing."""
