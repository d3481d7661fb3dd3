"""The secrets of a fresh checkout: made once and kept private. Production has no default."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING

from tests.local import private_file
from tests.local.errors import LocalRunFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRET_BYTES = 32
# Either name is the same secret; a generated one beside a given one would quietly make two.
ALIASES = {"PAYSTACK_SECRET_KEY": ("PAYSTACK_WEBHOOK_SECRET",)}


def load(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that the environment does not set itself.

    Those that were never made are made and kept.
    Raises LocalRunFailed when the file cannot be read as what was written.
    """
    kept = _read(file)
    made = {**_make(), **kept}
    if made != kept:
        private_file.write(file, json.dumps(made, indent=2))
    return {name: secret for name, secret in made.items() if not _is_given(name, environment)}


def _make() -> dict[str, str]:
    symmetric = base64.b64encode(secrets.token_bytes(SECRET_BYTES))
    return {
        "PAYSTACK_SECRET_KEY": f"sk_test_{secrets.token_hex(SECRET_BYTES)}",
        "STRIPE_API_KEY": f"sk_test_{secrets.token_hex(SECRET_BYTES)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_test_{secrets.token_hex(SECRET_BYTES)}",
        "STANDARD_WEBHOOKS_WEBHOOK_SECRET": f"whsec_{symmetric.decode()}",
        "API_KEY_PEPPER": secrets.token_hex(SECRET_BYTES),
        "SESSION_SECRET": secrets.token_hex(SECRET_BYTES),
    }


def _is_given(name: str, environment: Mapping[str, str]) -> bool:
    """A name set to nothing counts as given: an empty secret must refuse to start."""
    return any(other in environment for other in (name, *ALIASES.get(name, ())))


def _read(file: Path) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise LocalRunFailed(
            f"{file} cannot be read ({error}). Delete it to get new secrets."
        ) from error
    return kept
