"""`dev.py check`: format, lint, types, import contracts, migrations drift; never just the first."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.local import environments, service

STEPS = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "import contracts": ["lint-imports"],
    "migrations drift": ["python", "-m", "tests.local.drift"],
}


def main() -> int:
    """Return 0 when every step passed, else 1."""
    failed = [name for name, words in STEPS.items() if not _passes(name, words)]
    print(
        f"\n{len(STEPS) - len(failed)} of {len(STEPS)} checks passed"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


def _passes(name: str, words: list[str]) -> bool:
    print(f"\n== {name}: {' '.join(words)}", flush=True)
    environment = environments.for_process("check", os.environ)
    return subprocess.run(words, cwd=service.ROOT, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
