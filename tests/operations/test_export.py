"""Letters are written out as slowly as somebody reads them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.operations.conftest import START
from tests.replaying.pile import pile
from tests.workers.scene import wait_until
from workers.store.letters_shown import EXPORTED_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workers.scene import Scene

LETTERS = 3 * EXPORTED_AT_ONCE
SESSION = """
    SELECT state FROM pg_stat_activity
    WHERE application_name = 'payratchet cli' AND datname = current_database()
"""


@contextlib.contextmanager
def exporting(scene: Scene) -> Iterator[subprocess.Popen[bytes]]:
    """Export everything into a pipe that nobody reads yet."""
    words = [sys.executable, "-c", START, "dead-letters", "export"]
    environment = {**os.environ, "DATABASE_URL": scene.url}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as command:
        try:
            yield command
        finally:
            command.kill()


def has_begun(command: subprocess.Popen[bytes]) -> bool:
    """Return whether anything is written. The pipe takes less than the first letters: it waits."""
    assert command.stdout is not None
    return bool(select.select([command.stdout], [], [], 0)[0])


def test_a_reader_that_takes_its_time_holds_no_transaction_open(scene: Scene) -> None:
    """A transaction that waits for longer than 15 s is ended, and with it the export."""
    pile(scene, LETTERS)

    with exporting(scene) as command:
        wait_until(lambda: has_begun(command))
        states = scene.rows(SESSION)
        read, _ = command.communicate(timeout=60)

    assert states == [("idle",)]
    letters = [json.loads(line) for line in read.splitlines()]
    assert [letter["id"] for letter in letters] == list(range(1, LETTERS + 1))
    assert command.returncode == 0
