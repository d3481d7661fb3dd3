"""How Paystack's API refuses: what any of its answers proves. https://paystack.com/docs/api/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from domain.errors import ReferenceTaken
from domain.providers.api import (
    is_success,
    refusal,
    require_meaning,
    require_permitted,
    safe_code,
    understand,
)
from domain.providers.shapes import Shape, read

if TYPE_CHECKING:
    from domain.providers.api import ApiAnswer

_NOT_FOUND = frozenset({400, 404})


class _Refusal(Shape):
    status: Literal[False]
    message: str
    code: str | None = None


def require_accepted(answer: ApiAnswer) -> None:
    """Return where the answer claims success; else raise what it proves.

    Raises ProviderAway, OutcomeUnknown, ProviderForbids, ReferenceTaken and ProviderRefused.
    """
    require_meaning(answer)
    if is_success(answer):
        return
    refused = understand(answer, lambda tree: read(_Refusal, tree))
    require_permitted(answer)
    if _is(refused, "duplicate_reference", "duplicate transaction reference"):
        raise ReferenceTaken(
            "the reference is taken",
            http_status=answer.status,
            provider_code=safe_code(refused.code),
        )
    raise refusal(answer, refused.code)


def is_not_found(answer: ApiAnswer) -> bool:
    """Say whether Paystack has proven that it knows no transaction of the reference."""
    if answer.status not in _NOT_FOUND:
        return False
    refused = understand(answer, lambda tree: read(_Refusal, tree))
    return _is(refused, "transaction_not_found", "transaction reference not found")


def _is(refused: _Refusal, code: str, message: str) -> bool:
    return refused.code == code or refused.message.strip(" .").lower() == message
