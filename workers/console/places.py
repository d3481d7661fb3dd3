"""Places: where on the console a person does what an advice names as a command."""

from __future__ import annotations

import re
from urllib.parse import quote

_PLACES = (
    (re.compile(r"payratchet dead-letters (?:show|replay|discard) ([0-9]+)\b"), "/dead-letters/{}"),
    (re.compile(r"payratchet approvals (?:show|approve|reject) ([0-9]+)\b"), "/approvals/{}"),
    (
        re.compile(r"payratchet payments correct ([A-Za-z0-9._=-]+) --to ([a-z_]+)\b"),
        "/payments/{}/correct?to={}",
    ),
    (re.compile(r"payratchet payments write-off ([A-Za-z0-9._=-]+)"), "/payments/{}/write-off"),
    (re.compile(r"payratchet payments verify ([A-Za-z0-9._=-]+)"), "/payments/{}#acts"),
)

_SUBJECTS = {
    "dead_letter": "/dead-letters/{}",
    "approval": "/approvals/{}",
    "replay": "/replays/{}",
    "payment": "/payments/{}",
    "event": "/events/{}",
}


def of_command(command: str | None) -> str | None:
    """Return the page where a command's act is done, None where there is none."""
    for pattern, place in _PLACES:
        found = pattern.match(command or "")
        if found:
            return place.format(*(quote(each, safe="") for each in found.groups()))
    return None


def of_subject(subject: str) -> str | None:
    """Return the page of what a history is about (`approval:7`), None where there is none."""
    kind, _, name = subject.partition(":")
    place = _SUBJECTS.get(kind)
    return place.format(quote(name, safe="")) if place and name else None
