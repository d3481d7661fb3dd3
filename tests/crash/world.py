"""The world of one run: the stores, the provider, and what those outside were answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tests.api.books import Books
from tests.calling.desk import Desk
from tests.crash.kept_provider import KeptProvider
from tests.crash.seams import blocking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.crash.points import Points


class Recorded(Desk, Books):
    """Everything that tests do with a record and look at in it."""


@dataclass
class World:
    """What a story is played in.

    `answers` has what those outside were told, by the name of what they had asked for; they ask
    for nothing twice that they have an answer to. `tell` keeps an answer where it outlives us.
    """

    url: str
    redis_url: str
    folder: Path
    points: Points
    answers: dict[str, Any] = field(default_factory=dict)
    tell: Callable[[str, Any], object] = dict[str, Any]().setdefault

    @cached_property
    def provider(self) -> KeptProvider:
        """Return the provider, whose books outlive us."""
        return KeptProvider(self.folder / "provider", self.points)

    @cached_property
    def desk(self) -> Recorded:
        """Return the record, with its connections made."""
        desk = Recorded(self.url, self.redis_url, self.provider)
        desk.database.backend()
        return desk

    def ask(self, name: str, do: Callable[[], object]) -> Any:
        """Have somebody outside ask for something, unless they have their answer."""
        if name not in self.answers:
            self.told(name, do())
        return self.answers[name]

    def told(self, name: str, answer: object) -> None:
        """Tell somebody outside: from then on they know, whatever becomes of us."""
        as_json = json.loads(json.dumps(answer, default=str))
        self.tell(name, as_json)
        self.answers[name] = as_json


def answering(points: Points, send: Callable[..., Any]) -> Callable[..., Any]:
    """Return what sends an answer with a boundary before and one after it."""
    return blocking(points, send, "answer")
