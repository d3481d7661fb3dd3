"""An operation of a provider's API: what was asked, and what is answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.simulator.api.world import World


class OperationName(StrEnum):
    """What faults and the journal call the operations of both providers."""

    INITIALIZE = "initialize"
    VERIFY = "verify"
    LIST = "list"
    REFUND = "refund"
    REFUNDS = "refunds"
    CANCEL = "cancel"


class Asked(NamedTuple):
    """A request, read in full. `origin` is this server's address as the caller knows it."""

    method: str
    path: str
    names: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    origin: str

    @property
    def key(self) -> str:
        """The API key that it came with, "" for none."""
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""

    def asked_for(self, name: str) -> str | None:
        """Return a parameter of the query."""
        return next((value for found, value in self.query if found == name), None)

    def number(self, name: str, default: int) -> int:
        """Return a parameter that is a count, the default where it is none."""
        given = self.asked_for(name) or ""
        return int(given) if given.isdecimal() else default


@dataclass(slots=True)
class Answer:
    """What is to be answered.

    `effect` says whether anything was made or changed, `about` the reference it is about, and
    `is_success` whether it tells of money that arrived. `kept` is there where the same key gets
    the same answer again.
    """

    status: int
    body: bytes
    effect: bool = False
    about: str = ""
    is_success: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    kept: Kept | None = None
    is_replay: bool = False


@dataclass(slots=True)
class Kept:
    """The answer that a key has had; `is_in_flight` until it has been given."""

    fingerprint: str
    at_s: float
    status: int = 0
    body: bytes = b""
    about: str = ""
    is_in_flight: bool = False


class Operation(NamedTuple):
    """One of a provider's requests, where it lies, and who performs it."""

    name: OperationName
    provider: str
    method: str
    path: str
    perform: Callable[[World, Asked], Answer]


def answered(tree: Any, *, status: int = HTTPStatus.OK, **about: Any) -> Answer:
    """Return the answer of a tree in JSON."""
    return Answer(int(status), json.dumps(tree).encode(), **about)
