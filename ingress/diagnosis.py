"""Diagnosis: why a signature may have failed, for the operator who has to mend it.

Tries what goes wrong in practice: the secret of another account or mode, and a proxy that
wrote the JSON anew. What is found is never told to the caller.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from domain.errors import PayratchetError, SignatureExpired, SignatureInvalid, SignatureMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from domain.delivery import Delivery
    from domain.errors import SignatureRefused
    from ingress.accounts import Account

PER_SECOND_MAX = 20
"""Diagnoses a second; each costs as much as some more verifications."""

ACCOUNTS_TRIED_MAX = 8

BODY_BYTES_MAX = 65_536
"""Bytes of a body that is written anew for a try."""


class Diagnostician:
    """Finds reasons, but not more than `PER_SECOND_MAX`."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts = tuple(accounts)
        self._second = 0
        self._made = 0

    def reason(self, error: SignatureRefused, delivery: Delivery, account: Account) -> str:
        """Return the words for the operator; the error's own where nothing more is found."""
        if isinstance(error, (SignatureMissing, SignatureExpired)) or not self._may(delivery):
            return error.diagnosis
        for other in self._others(account):
            if _proves(delivery, other):
                mode = f", mode {other.mode}" if other.mode else ""
                return f"signed with a secret of account {other.name}{mode}"
        if any(_proves(rewritten, account) for rewritten in _rewritten(delivery)):
            return "the body was serialised anew on its way; forward the bytes as they were sent"
        return error.diagnosis

    def _may(self, delivery: Delivery) -> bool:
        if delivery.received_at_s != self._second:
            self._second, self._made = delivery.received_at_s, 0
        self._made += 1
        return self._made <= PER_SECOND_MAX

    def _others(self, account: Account) -> list[Account]:
        name = account.provider.name
        others = [each for each in self._accounts if each.provider.name == name]
        return [each for each in others if each is not account][:ACCOUNTS_TRIED_MAX]


def _proves(delivery: Delivery, account: Account) -> bool:
    try:
        account.provider.verify(delivery, account.secrets)
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
            body = text.encode(errors="replace")
            yield dataclasses.replace(delivery, body=body)
