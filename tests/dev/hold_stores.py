"""Hold the stores of one folder until told to stop: `python -m tests.dev.hold_stores FOLDER`."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from tests.local import signals
from tests.local.stores import Stores


def main() -> None:
    """Print where the stores are as one line of JSON once they answer."""
    with signals.stop_by_interrupt(), Stores(Path(sys.argv[1]), throw_away=True) as stores:
        told = {
            "database_url": stores.database_url,
            "redis_url": stores.redis_url,
            "pids": [stores.postgres_pid, stores.valkey_pid],
        }
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
