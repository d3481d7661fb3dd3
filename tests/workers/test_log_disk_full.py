"""A log that cannot be written keeps no process from its work."""

from __future__ import annotations

import subprocess
import sys

from tests.local.service import ROOT

WORKS = """
import threading
import structlog
from workers import logging

logging.configure("worker")
done = threading.Event()

def work():
    structlog.get_logger().info("events.applied", count=1)
    done.set()

thread = threading.Thread(target=work)
thread.start()
thread.join()
structlog.get_logger().critical("worker.deaf")
raise SystemExit(0 if done.is_set() else 1)
"""


def test_work_goes_on_while_the_disk_of_the_log_is_full() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - no file: it is always full
        done = subprocess.run([sys.executable, "-c", WORKS], stderr=full, cwd=ROOT, check=False)

    assert done.returncode == 0
