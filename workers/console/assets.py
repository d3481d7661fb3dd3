"""Assets: the style and the script, ours to serve; they tell nothing and are open."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "assets"

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

KEPT_S = 31_536_000
"""How long a browser may keep an asset: its address changes with what is in it."""


class Asset(NamedTuple):
    """A file as it is sent."""

    body: bytes
    media_type: str
    version: str


@cache
def known() -> dict[str, Asset]:
    """Return all assets by name, read once."""
    return {
        file.name: Asset(
            body := file.read_bytes(),
            MEDIA_TYPES[file.suffix],
            hashlib.sha256(body).hexdigest()[:16],
        )
        for file in sorted(FOLDER.iterdir())
        if file.suffix in MEDIA_TYPES
    }


def address(name: str) -> str:
    """Return where a page finds an asset. Raises KeyError for one that is not there."""
    return f"/assets/{name}?v={known()[name].version}"
