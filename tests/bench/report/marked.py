"""Pages that people write, with one part between two marks that is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.report.errors import MarksMissing

if TYPE_CHECKING:
    from pathlib import Path


def rewrite(page: Path, *, begin: str, end: str, text: str) -> bool:
    """Put the text between the marks, every other byte as it was; return whether that changed it.

    Raises MarksMissing unless each mark stands in the page exactly once, in this order: a guess
    could eat what a person wrote.
    """
    before = page.read_bytes()
    head, tail = begin.encode(), end.encode()
    whole = before.count(head) == before.count(tail) == 1
    if not whole or before.index(head) > before.index(tail):
        raise MarksMissing(
            f"{page.name} needs the lines {begin} and {end} once each, in this order: "
            "the figures are written between them."
        )
    start, stop = before.index(head) + len(head), before.index(tail)
    after = before[:start] + f"\n{text.strip()}\n".encode() + before[stop:]
    if after == before:
        return False
    page.write_bytes(after)
    return True


def cell(text: str) -> str:
    """Return the text so that it stays in its cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
