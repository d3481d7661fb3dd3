"""The overview as one plain page: readable in five seconds, no script, no foreign asset."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workers.store.views import Shown

STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #888; --alarm: #c62828; --good: #2e7d32 }
@media (prefers-color-scheme: dark) { :root { --alarm: #ff8a80; --good: #81c784 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin-top: 2rem }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem }
dl div { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem }
dt { color: var(--quiet); font-size: .85rem } dd { margin: 0; font-size: 1.7rem }
dd.alarm { color: var(--alarm) } dd.good { color: var(--good) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line) }
.number { text-align: right; font-variant-numeric: tabular-nums } td { white-space: nowrap }
p.empty { color: var(--quiet) }
"""

OLDEST_ALARM_S = 60.0
"""Unfinished work older than this is shown as an alarm."""


def render(
    *,
    now: str,
    overview: Shown,
    reasons: Sequence[Shown],
    risk: Sequence[Shown],
    letters: Sequence[Shown],
    reconciled: Sequence[Shown] = (),
) -> str:
    """Return the page. Everything that came from outside is escaped."""
    oldest_s = overview["oldest_unfinished_s"]
    tiles = (
        ("Unfinished events", f"{overview['unfinished']:,}", ""),
        ("Oldest of them", f"{oldest_s:.1f} s", "alarm" if oldest_s > OLDEST_ALARM_S else "good"),
        (
            "Open dead letters",
            f"{overview['open_dead_letters']:,}",
            "alarm" if overview["open_dead_letters"] else "good",
        ),
        ("Refused requests kept", f"{overview['refused_requests']:,}", ""),
    )
    shown = "".join(
        f"<div><dt>{escape(name)}</dt><dd class='{kind}'>{escape(value)}</dd></div>"
        for name, value, kind in tiles
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>Payratchet</title><style>{STYLE}</style></head><body>"
        f"<h1>Payratchet</h1><p>As of {escape(now)} UTC.</p><dl>{shown}</dl>"
        + _table("Open dead letters by reason", reasons, "Nothing is set aside.")
        + _table("Money at risk, in minor units", risk, "No money is at risk.")
        + _table(
            "Reconciliation: until when all is compared, and the last run's differences",
            reconciled,
            "No account was reconciled. `payratchet reconcile run` does it.",
        )
        + _table(
            "Newest open dead letters",
            letters,
            "Nothing to decide. When there is, `payratchet dead-letters show ID` says more.",
        )
        + "</body></html>"
    )


def _table(title: str, rows: Sequence[Mapping[str, object]], empty: str) -> str:
    head = f"<h2>{escape(title)}</h2>"
    if not rows:
        return f"{head}<p class='empty'>{escape(empty)}</p>"
    names = "".join(
        f"<th{_kind(value)}>{escape(name.replace('_', ' '))}</th>"
        for name, value in rows[0].items()
    )
    body = "".join(
        "<tr>" + "".join(_cell(value) for value in row.values()) + "</tr>" for row in rows
    )
    return f"{head}<div class='wide'><table><tr>{names}</tr>{body}</table></div>"


def _cell(value: object) -> str:
    return f"<td{_kind(value)}>{escape(_text(value))}</td>"


def _kind(value: object) -> str:
    return " class='number'" if isinstance(value, int) else ""


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:,}" if isinstance(value, int) else str("" if value is None else value)
