"""`dev.py chaos`: the fault lab, from the first process to the proof."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console

from tests.chaos import lab, options, report
from tests.chaos.planted import command
from tests.chaos.progress import bar, say
from tests.local import signals
from tests.local.errors import LocalRunFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

PLANTED = "--planted"
"""The first word of another command: to plant bugs and see whether they are found."""

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every invariant holds and every bound is met, 130 when stopped, else 1."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] == [PLANTED]:
        with signals.stop_by_interrupt():
            return command.main(words[1:])
    asked = options.read(words)
    say(f"seed {asked.seed}")
    try:
        with signals.stop_by_interrupt(), bar() as show:
            result = lab.run(asked, show)
    except KeyboardInterrupt:
        say("Stopped.")
        return EXIT_INTERRUPTED
    except LocalRunFailed as error:
        say(f"error: {error}")
        return EXIT_FAILED
    if asked.json:
        sys.stdout.write(json.dumps(result.as_json(), ensure_ascii=False) + "\n")
    else:
        report.show(Console(), result)
    return 0 if result.holds else EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
