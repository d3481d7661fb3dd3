"""What is shown: whether text of a stranger is anything but text on a page and in a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.console.reading_pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

ELEMENTS_OF_OTHERS = frozenset({"img", "iframe", "object", "embed", "base", "style", "math"})
"""Elements that no page of ours has. A page's own drawings are SVG."""

ADDRESSES = frozenset({"href", "src", "action", "formaction", "hx-get", "hx-post"})

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal acts upon; a line's end and a tab are our own."""

DIRECTIONS = re.compile(r"[\u2028-\u202e\u2066-\u2069]")
"""What shows text in another order than it has, or ends a line where none ends."""


def page_faults(html: str) -> Iterator[str]:
    """Say what a browser would make of a page that is not text."""
    for tag in Page(html).tags:
        if tag.name in ELEMENTS_OF_OTHERS:
            yield f"an element <{tag.name}>"
        if tag.name == "script" and not tag.attributes.get("src", "").startswith("/assets/"):
            yield "a script that is not ours"
        if tag.name == "meta" and "http-equiv" in tag.attributes:
            yield "a redirection"
        for name, value in tag.attributes.items():
            if name.startswith("on") or name == "style":
                yield f"an attribute {name}"
            if name in ADDRESSES and (not value.startswith(("/", "#", "?")) or value[:2] == "//"):
                yield f"an address {value!r}"


def terminal_faults(said: str) -> Iterator[str]:
    """Say what a terminal would make of a text that is not text."""
    for pattern, what in ((CONTROLS, "a control sign"), (DIRECTIONS, "a change of direction")):
        if found := pattern.search(said):
            yield f"{what} {found[0]!r} in {said[max(0, found.start() - 40) :][:80]!r}"
