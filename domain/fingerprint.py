"""Fingerprints: many failures, one cause."""

from __future__ import annotations

import hashlib
import re

FINGERPRINT_LENGTH = 16
"""Hex digits: enough that two causes never share one in a lifetime of dead letters."""

_VARIABLE = re.compile(r"[0-9a-fA-F]{8,}|\d+|'[^']*'|\"[^\"]*\"")


def fingerprint(source: str, event_type: str, reason: str, error_class: str, message: str) -> str:
    """Return the same short hash for failures that differ only in numbers, ids and quoted text."""
    template = _VARIABLE.sub("#", message)
    parts = f"{source}\x1f{event_type}\x1f{reason}\x1f{error_class}\x1f{template}"
    return hashlib.sha256(parts.encode()).hexdigest()[:FINGERPRINT_LENGTH]
