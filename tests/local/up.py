"""`dev.py up`: the service without the traffic, until it is told to stop."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.local import service, signals
from tests.local.errors import LocalRunFailed


def main() -> int:
    """Run until Ctrl-C (then 0) or until a process cannot be kept running (then 1)."""
    parser = argparse.ArgumentParser(prog="dev.py up", description=__doc__)
    parser.add_argument("--data", type=Path, default=service.DATA, help="where the data lives")
    data: Path = parser.parse_args().data
    try:
        with signals.stop_by_interrupt():
            _run(data.absolute())
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    except LocalRunFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _run(data: Path) -> None:
    print("Starting the stores, the migration and the processes …", file=sys.stderr)
    with service.running(data=data, echo=sys.stderr) as running:
        print(f"ingress {running.ingress_url}\nconsole {running.console_url}", flush=True)
        print("Stop with Ctrl-C.", file=sys.stderr)
        running.supervisor.wait()


if __name__ == "__main__":
    sys.exit(main())
