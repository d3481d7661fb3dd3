"""The diagnostician: looks for the reason of a failed signature, but not as often as one can knock.

What is found is never told to the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import diagnosis
from domain.diagnosis import Suspect
from domain.errors import SignatureInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.delivery import Delivery
    from domain.errors import SignatureRefused
    from ingress.accounts import Account

PER_SECOND_MAX = 20
"""Diagnoses a second; each costs as much as some more verifications."""


class Diagnostician:
    """Finds reasons, but not more than `PER_SECOND_MAX`."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts = tuple(accounts)
        self._second = 0
        self._made = 0

    def reason(self, error: SignatureRefused, delivery: Delivery, account: Account) -> str:
        """Return the words for the operator; the error's own where nothing more is found."""
        if not isinstance(error, SignatureInvalid) or not self._may(delivery):
            return error.diagnosis
        return diagnosis.reason(
            account.provider,
            error,
            delivery,
            secrets=account.secrets,
            suspects=[Suspect(diagnosis.RETIRED, account.retired), *self._others(account)],
        )

    def _may(self, delivery: Delivery) -> bool:
        if delivery.received_at_s != self._second:
            self._second, self._made = delivery.received_at_s, 0
        self._made += 1
        return self._made <= PER_SECOND_MAX

    def _others(self, account: Account) -> list[Suspect]:
        name = account.provider.name
        return [
            Suspect(diagnosis.other_account(each.name, each.mode), each.secrets, each.provider)
            for each in self._accounts
            if each.provider.name == name and each is not account
        ]
