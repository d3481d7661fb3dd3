"""A provider that is asked and nothing else, over HTTP. What is asked is in `domain.providers`."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from domain.errors import (
    AmountInvalid,
    CurrencyUnknown,
    PayloadInvalid,
    ProviderForbids,
)
from domain.providers.api import AnswerUnclear, unwritable
from domain.providers.look_up import Access

if TYPE_CHECKING:
    from collections.abc import Generator

    from domain.asking import Asking, Page, RefundAsking, Told
    from domain.delivery import Mode
    from domain.providers.api import ApiAnswer, ApiRequest
    from domain.providers.look_up import LookUp
    from workers.clients.transport import Transport
    from workers.look_up_accounts import LookUpAccount

QUESTIONS_MAX = 12
"""Requests that one look-up may take; the longest conversation takes nine."""

RENEWED_S = 60.0
"""A token is exchanged for a new one so long before it ends."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A token that can be used until `until_s` of the monotonic clock."""

    value: str = field(repr=False)
    until_s: float


class LookUpClient:
    """One account of one provider. It changes nothing there: all but `look_up` is refused."""

    keys_live_s = 0.0
    can_cancel = False

    def __init__(
        self,
        dialect: LookUp,
        account: LookUpAccount,
        transport: Transport,
        tokens: Transport | None = None,
    ) -> None:
        """Ask by `transport`; `tokens` is the way to where keys are exchanged, if it is another."""
        self._dialect = dialect
        self._account = account
        self._transport = transport
        self._tokens = tokens or transport
        self._lock = threading.Lock()
        self._held: _Held | None = None

    @property
    def name(self) -> str:
        """Return the provider's name."""
        return self._dialect.name

    @property
    def mode(self) -> Mode | None:
        """Return the world of the account's key, as far as its form or a setting says it."""
        return self._account.mode

    def look_up(self, asking: Asking) -> Told:
        """Ask what became of the payment, in as many questions as it takes."""
        until_s = self._transport.until_s()
        access = self._access()
        steps = self._dialect.ask(asking, access)
        answers: list[bytes] = []
        answer: ApiAnswer | None = None
        for _ in range(QUESTIONS_MAX + 1):
            request = _next(steps, answer)
            if not isinstance(request, _Over):
                answer = self._ask(request, access, until_s)
                answers.append(answer.body)
                continue
            return replace(request.told, answer=b"\n".join(answers))
        raise AnswerUnclear(f"no answer in {QUESTIONS_MAX} questions")

    def initialize(self, asking: Asking, *, key: str) -> Told:
        """Refuse: whoever takes payments by it starts them there."""
        del asking, key
        raise unwritable("initialize_unsupported")

    def refund(self, asking: RefundAsking, *, key: str) -> Told:
        """Refuse: refunds are made there."""
        del asking, key
        raise unwritable("refund_unsupported")

    def cancel(self, asking: Asking, *, key: str) -> Told:
        """Refuse: payments are ended there."""
        del asking, key
        raise unwritable("cancel_unsupported")

    def page(self, *, since_s: int, until_s: int, cursor: str | None) -> Page:
        """Refuse: what is not heard of is not looked for."""
        del since_s, until_s, cursor
        raise unwritable("list_unsupported")

    def _access(self) -> Access:
        account = self._account
        key = account.key.get_secret_value()
        values = {name: each.get_secret_value() for name, each in account.values.items()}
        return Access(key, values, account.mode, int(time.time()))

    def _ask(self, request: ApiRequest, access: Access, until_s: float) -> ApiAnswer:
        """Return the answer; with a new token where the one at hand is accepted no more."""
        held = self._token(access, until_s, instead_of=None)
        try:
            return self._call(request, access, held, until_s)
        except ProviderForbids:
            if held is None:
                raise
        return self._call(request, access, self._token(access, until_s, instead_of=held), until_s)

    def _call(
        self, request: ApiRequest, access: Access, held: _Held | None, until_s: float
    ) -> ApiAnswer:
        shown = self._dialect.headers(access, held.value if held else None)
        return self._transport.call(
            replace(request, headers=(*request.headers, *shown)),
            self._dialect.accept,
            until_s=until_s,
        )

    def _token(self, access: Access, until_s: float, *, instead_of: _Held | None) -> _Held | None:
        """Return a token that lives, got once for all threads; None where none is needed.

        `instead_of` is one that was refused. Two threads may both get one: the newer stays.
        """
        request = self._dialect.token_request(access)
        if request is None:
            return None
        with self._lock:
            held = self._held
        if held is not None and held is not instead_of and time.monotonic() < held.until_s:
            return held
        asked_s = time.monotonic()
        token = self._tokens.call(request, self._dialect.read_token, until_s=until_s)
        held = _Held(token.value, asked_s + max(0.0, token.lives_s - RENEWED_S))
        with self._lock:
            self._held = held
        return held


@dataclass(frozen=True, slots=True)
class _Over:
    """The end of a conversation."""

    told: Told


def _next(steps: Generator[ApiRequest, Any, Told], answer: ApiAnswer | None) -> ApiRequest | _Over:
    """Go on with an answer, with none at the beginning. An answer not as documented is unclear."""
    try:
        return next(steps) if answer is None else steps.send(answer)
    except StopIteration as over:
        return _Over(over.value)
    except (PayloadInvalid, AmountInvalid, CurrencyUnknown) as error:
        status = None if answer is None else answer.status
        msg = f"the answer is not as documented: {error.code}"
        raise AnswerUnclear(msg, http_status=status) from None
