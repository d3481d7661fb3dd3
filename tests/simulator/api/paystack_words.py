"""How Paystack is asked and answers: its envelope, its errors, its pages and its amounts."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.simulator.api import paystack_objects as objects
from tests.simulator.api.operation import answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulator.api.operation import Answer, Asked

PER_PAGE_DEFAULT = 50
PER_PAGE_MAX = 100


class Refused(Exception):
    """The request is answered with an error, without effect."""

    def __init__(self, message: str, code: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def error(message: str, code: str, status: int) -> Answer:
    """Return an error in Paystack's shape."""
    kind = "validation_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "api_error"
    tree = {
        "status": False,
        "message": message,
        "meta": {"nextStep": "Read the documentation of this request"},
        "type": kind,
        "code": code,
    }
    return answered(tree, status=status)


def unauthorized() -> Answer:
    """Answer a request with a wrong key or none."""
    return error("Invalid key", "invalid_Key", HTTPStatus.UNAUTHORIZED)


def told(message: str, data: Any, *, meta: dict[str, int] | None = None, **about: Any) -> Answer:
    """Return an answer in Paystack's envelope."""
    tree = {"status": True, "message": message, "data": data}
    return answered(tree | ({} if meta is None else {"meta": meta}), **about)


def body_of(asked: Asked) -> dict[str, Any]:
    """Return the JSON object that was sent. Raises Refused."""
    try:
        tree = json.loads(asked.body)
    except ValueError as invalid:
        raise Refused("Invalid JSON", "invalid_json") from invalid
    if not isinstance(tree, dict):
        raise Refused("Invalid JSON", "invalid_json")
    return tree


def amount_minor_of(given: Any, currency: str) -> int:
    """Read an amount: a whole number above zero, perhaps in a text."""
    digits = str(given) if type(given) in {int, str} else ""
    try:
        if digits.isdecimal() and int(digits) > 0:
            return objects.unwired(int(digits), currency)
    except ValueError as invalid:
        raise Refused(f"Invalid amount: {invalid}", "invalid_amount") from invalid
    raise Refused("Invalid Amount Sent", "invalid_amount")


def metadata_of(given: Any) -> dict[str, Any]:
    """Paystack documents a stringified object and takes an object too."""
    if isinstance(given, str) and given:
        try:
            given = json.loads(given)
        except ValueError as invalid:
            raise Refused("Invalid metadata", "invalid_params") from invalid
    return given if isinstance(given, dict) else {}


def moment_of(given: str | None) -> datetime | None:
    """Read a time; one without an offset is UTC. Raises Refused."""
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as invalid:
        raise Refused("Invalid date", "invalid_params") from invalid
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def paged(found: Sequence[Any], asked: Asked) -> tuple[Sequence[Any], dict[str, int]]:
    """Return the page that was asked for, and what is said of it."""
    per_page = min(max(asked.number("perPage", PER_PAGE_DEFAULT), 1), PER_PAGE_MAX)
    page = max(asked.number("page", 1), 1)
    skipped = (page - 1) * per_page
    meta = {
        "total": len(found),
        "skipped": skipped,
        "perPage": per_page,
        "page": page,
        "pageCount": math.ceil(len(found) / per_page),
    }
    return found[skipped : skipped + per_page], meta
