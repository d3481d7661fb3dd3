"""Pages and acts as data: a path, the role it needs, and the function that answers.

`routes` has the table of all of them. Nothing else is reachable, so what holds for each row holds
for the console.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.errors import Refused
from domain.operators import Role, actor_of

if TYPE_CHECKING:
    from datetime import datetime

    from workers.console.forms import Form
    from workers.database import Database, Transaction

Context = dict[str, Any]
"""What a template is given by the names it uses."""


class NotThere(Refused):
    """What the address names does not exist, or no longer."""

    code = "not_found"
    http_status = 404
    title = "There is no such page"


@dataclass(frozen=True, slots=True)
class Who:
    """Who is signed in; `session` is what is kept of the token of their session."""

    name: str
    role: Role
    session: bytes = b""

    @property
    def actor(self) -> str:
        """How the history names them."""
        return actor_of(self.name)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the parameters of its path and query, who asks, and when.

    Of a parameter that is given more than once, the last counts.
    """

    path: Mapping[str, Any]
    query: Mapping[str, str]
    who: Who
    now: datetime

    def cursor(self) -> int | None:
        """Return after which row a page of a list begins, None for the first one."""
        return number(self.query.get("cursor"))

    def word(self, name: str) -> str | None:
        """Return a value of the query without blanks around it, None where it is empty."""
        return self.query.get(name, "").strip() or None


class Desk(NamedTuple):
    """What acts work with."""

    database: Database


@dataclass(frozen=True, slots=True)
class Moved:
    """An act is done: go and look there. `said` is a key of `saying.SAID`."""

    to: str
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """An act answers with a page of its own, which is not kept anywhere."""

    template: str
    title: str
    context: Context


Answer = Moved | Drawn

ID_MAX = 2**63 - 1
"""The largest id that a row can have."""


def number(text: str | None) -> int | None:
    """Return the whole number that a text is, None where it is none that an id may be."""
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > len(str(ID_MAX)):
        return None
    return min(int(text), ID_MAX)


def row_id(asked: Asked, name: str) -> int:
    """Return an id of the path. Raises NotThere for one that no row can have."""
    found: int = asked.path[name]
    if found > ID_MAX:
        raise NotThere("There is nothing of this number.")
    return found


Read = Callable[["Asked", "Transaction"], Context]
"""Return what the template shows. Raises NotThere, or another Refused that says what is wrong."""

Do = Callable[["Desk", "Asked", "Form"], Answer]
"""Do what a form asks for. Raises a PayratchetError that says why it is not done."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is read. `snapshot`: in a transaction that sees one moment and may scan."""

    path: str
    role: Role
    title: str
    template: str
    read: Read
    snapshot: bool = False
    sample: Mapping[str, str] = field(default_factory=dict)
    """Of each parameter of the path, a value that has the right form: for tests of all pages."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done by sending a form."""

    path: str
    role: Role
    do: Do
    body_bytes_max: int = 65_536
