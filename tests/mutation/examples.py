"""How many examples a property is tried with, and which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis

if TYPE_CHECKING:
    import pytest

PROFILE = "mutation"
EXAMPLES_MAX = 60
"""Examples of a property for each mutant: a change that decides shows in the first few."""


def same_each_time() -> None:
    """Have every run try the same examples, and none look for a smaller one than it found."""
    hypothesis.settings.register_profile(
        PROFILE,
        max_examples=EXAMPLES_MAX,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.load_profile(PROFILE)


def bound(item: pytest.Item) -> None:
    """Bound the examples of a test that asks for more."""
    function = getattr(item, "obj", None)
    own = getattr(function, "_hypothesis_internal_use_settings", None)
    if own is not None and own.max_examples > EXAMPLES_MAX:
        fewer = hypothesis.settings(own, max_examples=EXAMPLES_MAX)
        function._hypothesis_internal_use_settings = fewer  # type: ignore[union-attr]  # noqa: SLF001
