"""What each process may know: all get the addresses, none a secret that it does not use."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET = re.compile(
    r".*_WEBHOOK_SECRET|.*_RETIRED_SECRET|.*_SECRET_KEY|.*_API_KEY|API_KEY_PEPPER"
    r"|SESSION_SECRET|METRICS_TOKEN"
)
KNOWN_TO = {
    "web": re.compile(r".*_WEBHOOK_SECRET|.*_RETIRED_SECRET|PAYSTACK_SECRET_KEY|API_KEY_PEPPER"),
    "worker": re.compile(r"(PAYSTACK|PAYSTACK__.*)_SECRET_KEY|(STRIPE|STRIPE__.*)_API_KEY"),
    "console": re.compile(r"SESSION_SECRET|METRICS_TOKEN"),
    "simulator": re.compile(r"PAYSTACK_SECRET_KEY|STRIPE_WEBHOOK_SECRET"),
}
NOWHERE = "http://127.0.0.1:9"
"""Where providers are called by processes that have none: on this machine, and nothing answers."""

NOTHING = re.compile(r"(?!)")
NUMBER = re.compile(r"-\d+$")


def for_process(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return only what this process may know, with our programs first on the path.

    Of several that do the same (`web-1`, `web-2`), each may know what one of them would.
    """
    known = KNOWN_TO.get(NUMBER.sub("", name), NOTHING)
    kept = {
        key: value
        for key, value in environment.items()
        if not SECRET.fullmatch(key) or known.fullmatch(key)
    }
    programs = str(Path(sys.executable).parent)
    kept["PATH"] = os.pathsep.join([programs, kept.get("PATH", os.defpath)])
    kept["PYTHONUNBUFFERED"] = "1"
    return kept
