"""Checking: what `web` would make of a delivery, without sending it and without keeping it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain import diagnosis
from domain.delivery import Hearsay
from domain.errors import Permanent, RequestMalformed, SignatureInvalid, SignatureRefused
from domain.signing import TOLERANCE_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.delivery import Delivery, Mode, Provider, Secret, Verified
    from domain.diagnosis import Suspect
    from domain.facts import Fact

VERIFIED, REFUSED, MALFORMED = "verified", "refused", "malformed"


class Examined(NamedTuple):
    """The account whose delivery is looked into.

    `values` are its settings, `provider` is the dialect that they and the mode make; `urls` are
    the addresses that it may be registered under.
    """

    provider: Provider
    secrets: Sequence[Secret]
    values: Mapping[str, str]
    mode: Mode | None
    suspects: Sequence[Suspect] = ()
    urls: Sequence[str] = ()


class Asked(NamedTuple):
    """What the provider would be asked about, in the words of an event that proves nothing."""

    type: str
    reference: str | None
    object_id: str | None


class Checked(NamedTuple):
    """What would become of the delivery.

    `code` names the refusal, or of an authentic body why it says nothing yet; None: it is good.
    `why` is for a person. `event_types`, `facts` and `asked` are what an authentic body says.
    """

    verdict: str
    code: str | None
    why: str
    key_id: str | None = None
    event_key: str | None = None
    reference: str | None = None
    event_types: tuple[str, ...] = ()
    facts: tuple[tuple[str | None, Fact], ...] = ()
    asked: tuple[Asked, ...] = ()


def check(account: Examined, delivery: Delivery) -> Checked:
    """Return what `web` would answer to the delivery, and why, with no part of a secret."""
    try:
        verified = account.provider.verify(delivery, account.secrets)
    except SignatureRefused as error:
        return Checked(REFUSED, error.code, _with_hint(_reason(account, delivery, error), error))
    except RequestMalformed as error:
        return Checked(MALFORMED, error.code, str(error))
    first = verified.events[0]
    good = Checked(
        VERIFIED, None, "the signature is right", verified.key_id, first.key, first.reference
    )
    try:
        return _said(account, delivery, verified, good)
    except Permanent as error:
        why = f"the signature is right, and the event is kept; but it is set aside: {error}"
        return good._replace(code=error.code, why=why)


def _said(account: Examined, delivery: Delivery, verified: Verified, good: Checked) -> Checked:
    """Return what the events say. Raises Permanent where one of them cannot be read."""
    types: list[str] = []
    facts: list[tuple[str | None, Fact]] = []
    asked: list[Asked] = []
    worlds: set[Mode | None] = set()
    for event in verified.events:
        said = account.provider.parse(delivery.body, event.key)
        types.append(said.type)
        worlds.add(said.mode)
        if isinstance(said, Hearsay):
            asked.append(_asked(said))
        else:
            facts += [(said.reference, fact) for fact in said.facts]
    why = "the signature is right"
    if asked:
        why += "; what was sent proves nothing by itself: the provider is asked before money moves"
    elif not facts:
        why += "; the event is kept, and says nothing about money"
    for other in worlds - {None, account.mode}:
        if account.mode is not None:
            why += f"; but it is of mode {other} at an account of mode {account.mode}: set aside"
    return good._replace(why=why, event_types=tuple(types), facts=tuple(facts), asked=tuple(asked))


def _asked(said: Hearsay) -> Asked:
    """Return the words that are shown to a person, who is told that nothing proves them."""
    hints = (said.reference, said.object_id)
    return Asked(said.type, *(None if hint is None else hint.unproven for hint in hints))


def _reason(account: Examined, delivery: Delivery, error: SignatureRefused) -> str:
    provider, values, mode = account.provider, account.values, account.mode
    elsewhere = diagnosis.other_modes(provider, values, mode)
    elsewhere += diagnosis.other_urls(provider, values, mode, account.urls)
    return diagnosis.reason(
        provider,
        error,
        delivery,
        secrets=account.secrets,
        suspects=account.suspects,
        elsewhere=elsewhere,
    )


def _with_hint(why: str, error: SignatureRefused) -> str:
    """Add what a person can do who checks a delivery of another hour."""
    if error.code == "signature_expired":
        return (
            f"{why}; if it came in time then, give that time with --at; if it came so, the clocks"
            f" differ by more than {TOLERANCE_S} s"
        )
    if type(error) is SignatureInvalid and why == error.diagnosis:
        return f"{why}: a wrong secret, or not the bytes that were signed"
    return why
