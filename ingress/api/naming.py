"""Names that we give to what services ask for without naming it themselves."""

from __future__ import annotations

import base64
import secrets

RANDOM_BYTES = 16
"""Random bytes of a name: nobody guesses another's, and two are never the same."""


def fresh(prefix: str) -> str:
    """Return a new name: the prefix, `_`, and 26 characters of a-z and 2-7."""
    random = base64.b32encode(secrets.token_bytes(RANDOM_BYTES)).decode()
    return f"{prefix}_{random.rstrip('=').lower()}"
