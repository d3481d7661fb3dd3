"""Asking a provider's API, without asking: what a request is and what an answer proves.

The providers' own modules write the requests and read the answers; somebody else carries them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from domain import strict_json
from domain.errors import (
    AmountInvalid,
    CurrencyUnknown,
    OutcomeUnknown,
    PayloadInvalid,
    ProviderAway,
    ProviderForbids,
    ProviderRefused,
    RefetchRequired,
)
from domain.providers.amounts import to_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.money import Money

    Pairs = tuple[tuple[str, str], ...]

ANSWER_BYTES_MAX = 1_048_576
"""Bytes of an answer about one payment; the providers' are a few KiB."""

PAGE_BYTES_MAX = 4_194_304
"""Bytes of an answer that lists up to `PAGE_ITEMS` transactions."""

PAGE_ITEMS = 100
"""Objects asked for at once: the most that either provider gives."""

REFUND_PAGES_MAX = 10
"""Pages of refunds of one transaction that are read; more are not understood."""

PATH_STEPS = frozenset({"", ".", ".."})
"""Parts of a path that a server takes for steps in its tree, however they are quoted."""

SERVER_ERRORS = 500
"""From here on a status says that the provider itself has failed."""

_FORBIDDEN = frozenset({401, 403})
_TOO_MANY = 429
_PROVES_NOTHING = frozenset({408, 409, 425})
"""Too slow, another request under way, too early: the first of the same may have had its effect."""

_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request as a provider documents it.

    `path` has its parts unquoted, so that whoever writes the address quotes every one of them.
    `is_repeatable`: sent twice it has one effect, because it reads or because a key says so.
    """

    method: Literal["GET", "POST"]
    path: tuple[str, ...]
    query: Pairs = ()
    form: Pairs | None = None
    json: Mapping[str, Any] | None = None
    headers: Pairs = ()
    is_repeatable: bool = False
    answer_bytes_max: int = ANSWER_BYTES_MAX


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """A whole answer. `retry_after_s` is the pause it asks for, where it asks for a sane one."""

    status: int
    body: bytes
    retry_after_s: float | None = None


class AnswerUnclear(OutcomeUnknown):
    """A provider that is up has answered, but nothing that proves anything.

    Asked again at once it would most likely answer the same.
    """


def get(
    *path: str,
    query: Pairs = (),
    headers: Pairs = (),
    answer_bytes_max: int = ANSWER_BYTES_MAX,
) -> ApiRequest:
    """Return a request that only reads."""
    return ApiRequest(
        "GET",
        path,
        query=query,
        headers=headers,
        is_repeatable=True,
        answer_bytes_max=answer_bytes_max,
    )


def understand(answer: ApiAnswer, read: Callable[[dict[str, Any]], T]) -> T:
    """Return what `read` makes of the answer's JSON.

    Raises AnswerUnclear, without a word of the answer, where it is not what is documented.
    """
    try:
        return read(strict_json.parse(answer.body))
    except (PayloadInvalid, RefetchRequired, AmountInvalid, CurrencyUnknown) as error:
        msg = f"the answer is not as documented: {error.code}"
        raise AnswerUnclear(msg, http_status=answer.status) from None


def about_another(answer: ApiAnswer) -> AnswerUnclear:
    """Return the error of an answer about another payment than the one that was asked about."""
    return AnswerUnclear("answered about another reference", http_status=answer.status)


def is_success(answer: ApiAnswer) -> bool:
    """Say whether the status claims success; the body must still show it."""
    return 200 <= answer.status < 300  # noqa: PLR2004 - the class of HTTP statuses


def require_meaning(answer: ApiAnswer) -> None:
    """Raise what any provider's status means by itself; return where the body must say why.

    What is neither a success nor a plain refusal (4xx) proves nothing: OutcomeUnknown. Redirects
    and the like are none of the provider's API: AnswerUnclear.
    """
    status = answer.status
    if is_success(answer):
        return
    if status == _TOO_MANY:
        raise ProviderAway("too many requests", retry_after_s=answer.retry_after_s)
    if status >= SERVER_ERRORS or status in _PROVES_NOTHING:
        raise OutcomeUnknown(f"answered with status {status}", http_status=status)
    if status < 400:  # noqa: PLR2004 - the class of HTTP statuses
        raise AnswerUnclear(f"answered with status {status}", http_status=status)


def require_permitted(answer: ApiAnswer) -> None:
    """Raise ProviderForbids where the status says that our key is not accepted.

    Called once the body is known to be the provider's own refusal: a firewall in front of it, too,
    answers 403, and knows nothing of our key.
    """
    if answer.status in _FORBIDDEN:
        raise ProviderForbids("our key is not accepted", http_status=answer.status)


def refusal(answer: ApiAnswer, code: str | None) -> ProviderRefused:
    """Return the error of a documented refusal."""
    said = safe_code(code)
    msg = f"refused with status {answer.status} {said}".rstrip()
    return ProviderRefused(msg, http_status=answer.status, provider_code=said)


def unwritable(code: str) -> ProviderRefused:
    """Return the error of a request that cannot be written, so that nothing was sent."""
    return ProviderRefused(f"not sent: {code}", http_status=0, provider_code=code)


def wire_amount(money: Money, decimals: Mapping[str, int]) -> int:
    """Return the amount as the provider writes it. Raises ProviderRefused where it cannot be."""
    try:
        return to_wire(money, decimals)
    except (AmountInvalid, CurrencyUnknown) as error:
        raise unwritable(error.code) from None


def safe_code(code: object) -> str:
    """Return a provider's code if it is one, else nothing: a message may hold anything."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
