"""Sources: what is known of everybody who sends, put together for who looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain.providers import PROVIDERS
from workers.operations.output import age
from workers.store import overview_views, sources

if TYPE_CHECKING:
    from datetime import datetime

    from domain.providers.card import Card
    from workers.database import Transaction

SILENT_TIMES = 5.0
"""Who is silent for so many times the usual pause, and a minute at least, is said to be silent."""

SILENT_S_MIN = 60.0


@dataclass(frozen=True, slots=True)
class Key:
    """A secret by its name: whether `web` accepts it, and when it last signed something."""

    key_id: str
    is_live: bool
    last_used_at: datetime | None

    def shown(self) -> dict[str, Any]:
        """Return it for a script."""
        return {"key_id": self.key_id, "live": self.is_live, "last_used_at": self.last_used_at}

    def row(self) -> dict[str, Any]:
        """Return it for a table."""
        return {
            "key_id": self.key_id,
            "is": "live" if self.is_live else "retired",
            "last_use": self.last_used_at or "not among the newest events",
        }


@dataclass(frozen=True, slots=True)
class Source:
    """One account of one provider. `usual_s` is None where too little was heard to tell."""

    provider: str
    account: str
    mode: str | None
    keys: tuple[Key, ...]
    last_event_at: datetime | None
    silent_s: float | None
    usual_s: float | None
    open_letters: int

    @property
    def card(self) -> Card:
        """What is known of how the provider signs."""
        return PROVIDERS[self.provider].card

    @property
    def is_silent(self) -> bool:
        """Whether nothing was heard for far longer than usual."""
        if self.silent_s is None or self.usual_s is None:
            return False
        return self.silent_s > max(SILENT_S_MIN, SILENT_TIMES * self.usual_s)

    @property
    def silence(self) -> str:
        """Return in words how long nothing was heard, and how long that is usually."""
        if self.silent_s is None:
            return "nothing heard"
        usual = "" if self.usual_s is None else f"; usual {_span(self.usual_s)}"
        return f"no event for {_span(self.silent_s)}{usual}{': SILENT' if self.is_silent else ''}"

    def shown(self) -> dict[str, Any]:
        """Return it for a script."""
        return {
            "provider": self.provider,
            "account": self.account,
            "mode": self.mode,
            "scheme": self.card.scheme,
            "refetch": self.card.refetch,
            "confidence": self.card.confidence,
            "keys": [key.shown() for key in self.keys],
            "last_event_at": self.last_event_at,
            "silent_s": self.silent_s,
            "usual_s": self.usual_s,
            "is_silent": self.is_silent,
            "silence": self.silence,
            "open_letters": self.open_letters,
        }

    def scheme_row(self) -> dict[str, Any]:
        """Return how the provider signs, for a table."""
        card = self.card
        return {
            "provider": self.provider,
            "asked": card.refetch,
            "confidence": card.confidence,
            "scheme": card.scheme,
            "not_confirmed": "; ".join(card.doubts) or "the vendor's page and its code together",
        }


def _span(seconds: float) -> str:
    return age(timedelta(seconds=seconds))


def look(tx: Transaction) -> list[Source]:
    """Return every account that has a live key or was heard of, by name."""
    return _sources(tx, overview_views.keys(tx), sources.open_letters(tx))


def listen(tx: Transaction) -> list[Source]:
    """Return them as `look` does, without the use of their keys and their letters: who is silent.

    For who asks every other second.
    """
    return _sources(tx, [], {})


def _sources(
    tx: Transaction, used: list[sources.Shown], letters: dict[tuple[str, str], int]
) -> list[Source]:
    live = sources.live_keys(tx)
    heard = {(row["provider"], row["account"]): row for row in overview_views.silence(tx)}
    names = {(row["provider"], row["account"]) for row in live} | set(heard)
    return [
        _source(name, heard.get(name, {}), live, used, letters.get(name, 0))
        for name in sorted(names)
        if name[0] in PROVIDERS
    ]


def _source(
    name: tuple[str, str],
    heard: dict[str, Any],
    live: list[sources.Shown],
    used: list[sources.Shown],
    open_letters: int,
) -> Source:
    ours = [row for row in live if (row["provider"], row["account"]) == name]
    last = {
        row["key_id"]: row["last_at"]
        for row in used
        if (row["provider"], row["account"]) == name and ":" not in row["key_id"]
    }
    live_ids = [row["key_id"] for row in ours]
    retired = [key_id for key_id in last if key_id not in live_ids]
    return Source(
        *name,
        mode=heard.get("mode") or next((row["mode"] for row in ours), None),
        keys=tuple(
            Key(key_id, key_id in live_ids, last.get(key_id)) for key_id in (*live_ids, *retired)
        ),
        last_event_at=heard.get("last_at"),
        silent_s=heard.get("silent_s"),
        usual_s=heard.get("usual_s"),
        open_letters=open_letters,
    )
