"""What can go wrong with a run of mutation tests."""

from __future__ import annotations


class MutationRunFailed(Exception):
    """Nothing can be said of any mutant: the tests fail, or are not found, without any change."""
