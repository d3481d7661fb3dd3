#!/usr/bin/env python3
"""Everything a developer does on one machine: `python3 dev.py COMMAND`.

Needs Python 3.11 or newer, nothing else. The first use makes `.venv` from `requirements.lock`;
each command then runs in it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must be told so, before an import below breaks on it
    sys.exit("error: Python 3.11 or newer is needed; this is " + sys.version.split()[0])

from tests.local import virtual_environment
from tests.local.errors import LocalRunFailed

USAGE = """usage: python3 dev.py COMMAND [arguments]

  demo [--exit] [--json]   a recorded morning of provider traffic against the whole service
  up                       the service without the traffic, until Ctrl-C
  test [pytest arguments]  the test suite; `--journeys` and `--lab` for what takes minutes
  soak [--payments N] [--kills N] [--provider paystack|stripe|both] [--seed N] [--json]
                           payments through the API while answers are lost and processes die
  chaos [--seed N] [--minutes M] [--faults KIND,…] [--json]
                           the fault lab: everything is killed, cut and filled up under load
  bench [--json] [--full]  floors, peers and our own speed, measured in one run
  check                    format, lint, types, import contracts, migrations drift
  cli [arguments]          the operator's commands (payratchet) against the running `up` or `demo`
"""
COMMANDS = {
    "demo": ["-m", "tests.demo"],
    "up": ["-m", "tests.local.up"],
    # Two or more tests at a time; a later -n of the caller wins.
    "test": ["-m", "pytest", "-n", "auto", "--maxprocesses", "8", "--dist", "worksteal"],
    "soak": ["-m", "tests.soak"],
    "chaos": ["-m", "tests.chaos"],
    "bench": ["-m", "tests.bench"],
    "check": ["-m", "tests.local.check"],
    "cli": [str(virtual_environment.VENV / "bin" / "payratchet")],
}
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code; nothing of ours is between it and its signals."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(USAGE, end="", file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else EXIT_USAGE
    words = COMMANDS.get(arguments[0])
    if words is None:
        print(f"error: there is no command {arguments[0]!r}\n\n{USAGE}", end="", file=sys.stderr)
        return EXIT_USAGE
    try:
        python = virtual_environment.ready()
    except LocalRunFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    if arguments[0] != "cli":
        os.chdir(Path(__file__).parent.resolve())
    sys.stderr.flush()
    return _become(python, [*words, *arguments[1:]])


def _become(python: Path, words: list[str]) -> NoReturn:
    os.execv(python, [str(python), *words])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
