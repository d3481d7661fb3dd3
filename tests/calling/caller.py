"""A worker that performs one command, in a process of its own: `python -m tests.calling.caller`.

Words: the URLs of the two stores, the event, a folder. Its provider says "calling" there, and
answers when it finds "answer" there; what became of the command is written as "became".
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from tests.calling.provider import Provider
from workers.broker import connect
from workers.calling.perform import perform
from workers.database import Database
from workers.life import Life, fresh_name
from workers.lock import Locks

WAIT_S = 60.0


def main() -> None:
    url, redis_url, event_id, folder = sys.argv[1:]
    provider = Provider()
    provider.goes["initialize"] = [lambda: _wait(Path(folder))]
    worker, database = fresh_name(), Database(url, name="caller")
    locks = Locks(connect(redis_url), owner=worker)
    is_seen = threading.Event()
    Life(database, worker=worker, on_begun=is_seen.set).start()
    is_seen.wait(WAIT_S)
    became = perform(database, provider, locks, int(event_id), worker=worker)
    (Path(folder) / "became").write_text(str(became))


def _wait(folder: Path) -> None:
    (folder / "calling").touch()
    ends_s = time.monotonic() + WAIT_S
    while not (folder / "answer").exists() and time.monotonic() < ends_s:
        time.sleep(0.01)


if __name__ == "__main__":
    main()
