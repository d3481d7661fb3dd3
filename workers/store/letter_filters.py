"""Which dead letters are meant: one set of conditions for lists, replays and decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

OPEN, ANY_STATUS = "open", "all"
STATUSES = (OPEN, "replaying", "resolved", "discarded")


class Wanted(NamedTuple):
    """Letters that are meant; None leaves a condition out. `status` may be `ANY_STATUS`.

    `ids` are letters named one by one. `older_than_s` is how long ago the letter last died,
    `amount_over_minor` is in minor units of whatever currency the letter is about.
    """

    provider: str | None = None
    type: str | None = None
    reason: str | None = None
    fingerprint: str | None = None
    reference: str | None = None
    owner: str | None = None
    older_than_s: int | None = None
    amount_over_minor: int | None = None
    currency: str | None = None
    ids: tuple[int, ...] | None = None
    status: str = OPEN

    def told(self) -> dict[str, object]:
        """Return the conditions there are, for people and for the record."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self._asdict().items()
            if value is not None
        }

    @property
    def is_everything(self) -> bool:
        """Whether nothing but the status narrows it down."""
        return not set(self.told()) - {"status"}


_CONDITIONS: Mapping[str, str] = {
    "provider": "d.source = %(provider)s",
    "type": "d.event_type = %(type)s",
    "reason": "d.reason = %(reason)s",
    "fingerprint": "d.fingerprint = %(fingerprint)s",
    "reference": "d.reference = %(reference)s",
    "owner": "d.owner = %(owner)s",
    "older_than_s": "d.dead_at < now() - make_interval(secs => %(older_than_s)s)",
    "amount_over_minor": "d.amount_minor > %(amount_over_minor)s",
    "currency": "d.currency = %(currency)s",
    "ids": "d.id = ANY(%(ids)s::bigint[])",
}


def condition(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """Return the SQL that holds for a wanted letter `d`, and its parameters.

    Only what is asked for is in it, and the status as a literal, so that a partial index is found
    whichever plan is made. Raises ValueError for a status that there is not.
    """
    told: dict[str, Any] = wanted.told()
    status = told.pop("status")
    parts = [_CONDITIONS[name] for name in told]
    if status != ANY_STATUS:
        if status not in STATUSES:
            raise ValueError(f"no status of a dead letter: {status}")
        parts.append(f"d.status = '{status}'")
    return " AND ".join(parts) or "true", told
