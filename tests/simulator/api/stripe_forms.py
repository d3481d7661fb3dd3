"""Stripe's parameters: a form whose names are nested by brackets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulator.api.operation import Asked

FIELDS_MAX = 500


class Form:
    """The parameters of one request, in its body or its query."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = pairs
        self._values = dict(pairs)

    def get(self, name: str) -> str | None:
        """Return a parameter, None where it is missing or empty."""
        return self._values.get(name) or None

    def under(self, name: str) -> dict[str, str]:
        """Return what is nested under a name, by the inner names."""
        opening = f"{name}["
        return {
            found.removeprefix(opening).removesuffix("]"): value
            for found, value in self.pairs
            if found.startswith(opening) and found.count("[") == opening.count("[")
        }

    def expands(self, path: str) -> bool:
        """Whether the caller wants an object where there is an id."""
        return any(v == path for name, v in self.pairs if name.startswith("expand["))

    def number(self, name: str) -> int | None:
        """Return a parameter that is a count or a time, None where it is none."""
        given = self.get(name) or ""
        return int(given) if given.isdecimal() else None


def form_of(asked: Asked) -> Form:
    """Return the parameters of a request."""
    if asked.method == "GET":
        return Form(asked.query)
    body = asked.body.decode("utf-8", "replace")
    return Form(parse_qsl(body, keep_blank_values=True, max_num_fields=FIELDS_MAX))
