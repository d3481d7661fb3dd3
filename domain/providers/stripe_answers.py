"""How Stripe's API refuses: what any of its answers proves. https://docs.stripe.com/api/errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.providers.api import (
    AnswerUnclear,
    is_success,
    refusal,
    require_meaning,
    require_permitted,
    understand,
)
from domain.providers.shapes import Shape, TypeName, read

if TYPE_CHECKING:
    from domain.providers.api import ApiAnswer


class _Error(Shape):
    type: TypeName
    code: str | None = None


class _Refusal(Shape):
    error: _Error


def require_accepted(answer: ApiAnswer) -> None:
    """Return where the answer claims success; else raise what it proves.

    A key that was used for another request proves nothing about the request it was used for.
    Raises ProviderAway, OutcomeUnknown, ProviderForbids and ProviderRefused.
    """
    require_meaning(answer)
    if is_success(answer):
        return
    error = understand(answer, lambda tree: read(_Refusal, tree)).error
    require_permitted(answer)
    if error.type == "idempotency_error":
        raise AnswerUnclear("the key was used otherwise", http_status=answer.status)
    raise refusal(answer, error.code or error.type)
