"""Diagnosis: why a signature may have failed, for the person who has to mend it.

Tries what goes wrong in practice: a retired secret, that of another account or mode, and a proxy
that wrote the JSON anew. What is found holds no part of a secret and is never told to the caller.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, NamedTuple

from domain.errors import PayratchetError, SignatureExpired, SignatureInvalid, SignatureMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.delivery import Delivery, Provider, Secret
    from domain.errors import SignatureRefused

SUSPECTS_MAX = 8
"""Other sets of secrets that are tried."""

BODY_BYTES_MAX = 65_536
"""Bytes of a body that is written anew for a try."""

REWRITTEN = "the body was serialised anew on its way; forward the bytes as they were sent"
RETIRED = "signed with a retired secret of this account; the provider still uses the old one"


class Suspect(NamedTuple):
    """Secrets that should not have signed, and what it means when one of them has."""

    words: str
    secrets: Sequence[Secret]


def other_account(name: str, mode: str | None) -> str:
    """Return what it means when a secret of that account has signed."""
    return f"signed with a secret of account {name}" + (f", mode {mode}" if mode else "")


def reason(
    provider: Provider,
    error: SignatureRefused,
    delivery: Delivery,
    *,
    secrets: Sequence[Secret],
    suspects: Sequence[Suspect],
) -> str:
    """Return the words for a person; the error's own where nothing more is found.

    `secrets` are those that should have signed. A signature that is missing or too old tells all
    there is to know by itself.
    """
    if isinstance(error, (SignatureMissing, SignatureExpired)):
        return error.diagnosis
    for suspect in suspects[:SUSPECTS_MAX]:
        if _proves(provider, delivery, suspect.secrets):
            return suspect.words
    if any(_proves(provider, rewritten, secrets) for rewritten in _rewritten(delivery)):
        return REWRITTEN
    return error.diagnosis


def _proves(provider: Provider, delivery: Delivery, secrets: Sequence[Secret]) -> bool:
    """Say whether one of the secrets has signed, whenever that was."""
    if not secrets:
        return False
    try:
        provider.verify(delivery, secrets)
    except SignatureInvalid:
        return False
    except SignatureExpired:
        return True
    except PayratchetError:
        return False
    return True


def _rewritten(delivery: Delivery) -> Iterator[Delivery]:
    """Return the delivery with the spacings of JSON that serialisers write."""
    if len(delivery.body) > BODY_BYTES_MAX:
        return
    try:
        tree = json.loads(delivery.body)
    except (ValueError, RecursionError):
        return
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (False, True):
            text = json.dumps(tree, separators=separators, ensure_ascii=ascii_only)
            yield dataclasses.replace(delivery, body=text.encode(errors="replace"))
