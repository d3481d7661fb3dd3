"""A desk: what one provider's API has in common with the others."""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.simulator.api.lookups.book import Book

if TYPE_CHECKING:
    from collections.abc import Mapping

Said = tuple[int, Any]
"""A status and a tree."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its path with parts as they were meant, below the provider's own prefix."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body's tree."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """Return the body's fields."""
        return dict(parse_qsl(self.body.decode()))


def read(method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[str, Asked]:
    """Return whose desk it is for, and what is asked."""
    url = urlsplit(target)
    first, *path = [unquote(part) for part in url.path.removeprefix("/").split("/")]
    return first, Asked(method, tuple(path), dict(parse_qsl(url.query)), headers, body)


class Desk(ABC):
    """One provider. `settings` are the variables, by their endings, that let somebody in here."""

    slug: ClassVar[str]
    settings: ClassVar[Mapping[str, str]]
    object_id: ClassVar[str]
    currency: ClassVar[str]
    has_tokens_elsewhere: ClassVar[bool] = False

    def __init__(self) -> None:
        self.book = Book()
        self.tokens: set[str] = set()
        self.tokens_made = 0
        self.token_lives_s = 3600

    @property
    def key(self) -> str:
        """Return the only key that is accepted."""
        return self.settings["API_KEY"]

    def new_id(self, number: int) -> str:
        """Return the id of a sale."""
        return self.object_id.format(number, number=number)

    @abstractmethod
    def is_let_in(self, asked: Asked) -> bool:
        """Say whether the request shows the key."""

    @abstractmethod
    def answer(self, asked: Asked) -> Said | None:
        """Return the answer, None for what is not there."""

    def token(self, asked: Asked) -> Said | None:
        """Return a token where one is asked for, None for any other question."""
        del asked
        return None

    def refused(self) -> Said:
        """Return what is said to whoever is not let in."""
        return 401, {"message": "unauthorized"}

    def missing(self) -> Said:
        """Return what is said of what is not there."""
        return 404, {"message": "not found"}

    def new_token(self) -> str:
        """Make a token that is accepted."""
        self.tokens_made += 1
        token = f"token-{self.slug}-{self.tokens_made}"
        self.tokens.add(token)
        return token

    def has_token(self, asked: Asked) -> bool:
        """Say whether the request shows a token that is accepted."""
        return bearer(asked) in self.tokens


def bearer(asked: Asked) -> str:
    """Return what a request bears."""
    kind, _, value = asked.headers.get("authorization", "").partition(" ")
    return value if kind == "Bearer" else ""


def user(asked: Asked) -> tuple[str, str]:
    """Return the name and password of a request."""
    kind, _, value = asked.headers.get("authorization", "").partition(" ")
    if kind != "Basic":
        return "", ""
    name, _, password = base64.b64decode(value).decode().partition(":")
    return name, password
