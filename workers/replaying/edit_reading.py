"""Reading an edit: what it changes, what it says, and of which transactions. Pure.

Whoever calls this parses the body that died. One that killed its readers is read `apart`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from domain import editing
from domain.delivery import ProviderEvent
from domain.editing import EditRefused
from domain.errors import Permanent
from domain.facts import FactKind
from domain.judgement import Heard, unclaimed_stem
from domain.providers import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Provider


class Given(NamedTuple):
    """A body as it came and as a person has it, and what each of the two is kept under."""

    source: str
    account: str
    before: bytes
    after: bytes
    key_before: str
    key_after: str


class Read(NamedTuple):
    """What an edit says. All of it is JSON.

    `claims_minor` is the largest amount of each currency that the event claims, before or after.
    `stems_left` are the beginnings of the names of money (`unclaimed_stem`) that the event brought
    as it came, and does not bring as edited.
    """

    reference: str | None
    diff: list[dict[str, str | None]]
    claims_minor: dict[str, int]
    stems_left: list[str]


def changed(before: bytes, changes: Sequence[tuple[str, object]]) -> bytes:
    """Return the body with these places set. Raises EditRefused."""
    return editing.edited(before, changes)


def read(given: Given) -> Read:
    """Return what the edit says. Raises EditRefused where it could not be applied either."""
    diff = [asdict(each) for each in editing.diff(given.before, given.after)]
    provider = PROVIDERS.get(given.source)
    if provider is None:
        raise EditRefused(f"no adapter is called {given.source}")
    try:
        after = provider.parse(given.after, given.key_after)
    except Permanent as refusal:
        raise EditRefused(f"it could not be applied as edited: {refusal}") from refusal
    if not isinstance(after, ProviderEvent):
        raise EditRefused(
            "what this provider sends proves nothing, whoever writes it: have the provider asked"
        )
    before = _as_it_came(provider, given)
    left = {stem for said in before for stem in _stems(given, said)} - set(_stems(given, after))
    return Read(after.reference, diff, _claims_minor([*before, after]), sorted(left))


def _as_it_came(provider: Provider, given: Given) -> list[ProviderEvent]:
    try:
        said = provider.parse(given.before, given.key_before)
    except Permanent:
        return []
    return [said] if isinstance(said, ProviderEvent) else []


def _claims_minor(said: Sequence[ProviderEvent]) -> dict[str, int]:
    found: dict[str, int] = {}
    for fact in (fact for each in said for fact in each.facts):
        if fact.amount is not None:
            now = found.get(fact.amount.currency, 0)
            found[fact.amount.currency] = max(now, fact.amount.amount_minor)
    return found


def _stems(given: Given, said: ProviderEvent) -> list[str]:
    heard = Heard(0, given.source, given.account, None, replayed=False, said=said)
    return [unclaimed_stem(heard, f) for f in said.facts if f.kind is FactKind.SUCCEEDED]
