"""The pages of the repository, and the parts of them that must be true."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "docs" / "systemd"
DEPLOY = ROOT / "docs" / "deploy.md"
PAGES = ("README.md", "CONTRIBUTING.md", "DECISIONS.md", "CHANGELOG.md", "docs/*.md")

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


def pages() -> list[Path]:
    """Return the pages that are there."""
    return sorted(page for pattern in PAGES for page in ROOT.glob(pattern))


def links(page: Path) -> list[str]:
    """Return where a page's links lead, without those to the web."""
    text = _FENCE.sub("", page.read_text())
    return [link for link in _LINK.findall(text) if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as a link spells them."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return [text for name, text in _FENCE.findall(page.read_text()) if name == language]


def table(page: Path, first_column: str) -> list[list[str]]:
    """Return the rows of the table whose first column has this title."""
    lines = iter(page.read_text().splitlines())
    for line in lines:
        if line.startswith(f"| {first_column} |"):
            break
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def code_words(text: str) -> list[str]:
    """Return what stands between backticks."""
    return _CODE.findall(text)
