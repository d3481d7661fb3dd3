"""Answers of look-ups: by what is asked, whose payment is told, and what it means that none is.

Nothing that an event has claimed is believed here. A hint says what to ask for; whose payment it is
is only ever taken out of the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import NothingFound, PayloadInvalid, ProviderRefused
from domain.providers.api import unwritable
from domain.providers.event_keys import reference_hint
from domain.providers.look_up import MISSING, tree_of

if TYPE_CHECKING:
    import re

    from domain.asking import Asking
    from domain.providers.api import ApiAnswer
    from domain.providers.look_up import Tree


def named(asking: Asking, form: re.Pattern[str]) -> str | None:
    """Return by what the provider's object is asked for, None where no name of it is known.

    The hint comes first: that is what an event had us ask about. Raises ProviderRefused, and so
    sends nothing, where it could not be a name of this provider's.
    """
    if asking.hint is not None:
        if form.fullmatch(asking.hint) is None:
            raise unwritable("hint_unusable")
        return asking.hint
    return next((name for name in asking.names if form.fullmatch(name)), None)


def nameless() -> NothingFound:
    """Return the error of a payment that has no name yet by which its provider could be asked."""
    return NothingFound("the provider has not yet told what it calls this payment")


def found(answer: ApiAnswer, asking: Asking) -> Tree:
    """Return the answer's object, or raise what it means that there is none."""
    if answer.status == MISSING:
        raise unknown(asking)
    return tree_of(answer)


def unknown(asking: Asking) -> ProviderRefused | NothingFound:
    """Return the error of a question to which the provider knows nothing.

    What an event has named must be there, or its sender, or our key, is not who it seems. What we
    ask about by ourselves may not have been begun yet.
    """
    if asking.hint is not None:
        msg = "the provider knows nothing by the name that the event gave"
        return ProviderRefused(msg, http_status=MISSING, provider_code="not_found")
    return NothingFound("the provider knows nothing of this payment so far", http_status=MISSING)


def left_to_person(why: str) -> ProviderRefused:
    """Return the error of an answer that is understood and does not say enough to move money by.

    Asked again it would say the same.
    """
    return ProviderRefused(why, http_status=200, provider_code="left_to_person")


def require_same(told: object, asked: str) -> None:
    """Raise PayloadInvalid unless the answer is about the object that was asked for."""
    if (str(told) if type(told) is int else told) != asked:
        raise PayloadInvalid("answered about another object")


def whose(asking: Asking, told: object) -> str | None:
    """Return our reference as the provider has it.

    Whom an event named is of no account: then it is whoever the answer names, or nobody. Who asked
    about a payment gets an answer about it, else raises PayloadInvalid.
    """
    reference = reference_hint(told)
    if asking.hint is None and reference != asking.reference:
        raise PayloadInvalid("answered about another reference")
    return reference
