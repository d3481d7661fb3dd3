"""Checking: what `web` would make of a delivery, without sending it and without keeping it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain import diagnosis
from domain.errors import Permanent, RequestMalformed, SignatureInvalid, SignatureRefused
from domain.signing import TOLERANCE_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Provider, Secret
    from domain.diagnosis import Suspect
    from domain.facts import Fact

VERIFIED, REFUSED, MALFORMED = "verified", "refused", "malformed"


class Checked(NamedTuple):
    """What would become of the delivery.

    `code` names the refusal, or of an authentic body why it says nothing yet; None: it is good.
    `why` is for a person. `event_types` and `facts` are what an authentic body says.
    """

    verdict: str
    code: str | None
    why: str
    key_id: str | None = None
    event_key: str | None = None
    reference: str | None = None
    event_types: tuple[str, ...] = ()
    facts: tuple[tuple[str | None, Fact], ...] = ()


def check(
    provider: Provider,
    delivery: Delivery,
    *,
    secrets: Sequence[Secret],
    suspects: Sequence[Suspect] = (),
) -> Checked:
    """Return what `web` would answer to the delivery, and why, with no part of a secret."""
    try:
        verified = provider.verify(delivery, secrets)
    except SignatureRefused as error:
        why = diagnosis.reason(provider, error, delivery, secrets=secrets, suspects=suspects)
        return Checked(REFUSED, error.code, _with_hint(why, error))
    except RequestMalformed as error:
        return Checked(MALFORMED, error.code, str(error))
    first = verified.events[0]
    good = Checked(VERIFIED, None, "the signature is right", verified.key_id, first.key)
    types: list[str] = []
    facts: list[tuple[str | None, Fact]] = []
    try:
        for event in verified.events:
            said = provider.parse(delivery.body, event.key)
            types.append(said.type)
            facts += [(said.reference, fact) for fact in said.facts]
    except Permanent as error:
        why = f"the signature is right, and the event is kept; but it is set aside: {error}"
        return good._replace(code=error.code, why=why, reference=first.reference)
    if not facts:
        why = "the signature is right; the event is kept, and says nothing about money"
        good = good._replace(why=why)
    return good._replace(reference=first.reference, event_types=tuple(types), facts=tuple(facts))


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
