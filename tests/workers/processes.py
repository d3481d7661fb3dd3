"""Real processes of ours, and what a test does to them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
STOP_WAIT_S = 30.0
WORKER = ("-m", "workers")
RELAY = ("-m", "workers.relay")

LANDMINE = """
import os
import domain.providers
from domain.providers.standard_webhooks import StandardWebhooks

class Landmine(StandardWebhooks):
    name = "landmine"

    def parse(self, body, event_key):
        os._exit(9)

domain.providers.PROVIDERS = {**domain.providers.PROVIDERS, "landmine": Landmine()}
"""
"""A provider that kills whoever reads its events. Loaded by every Python that has its folder on its
path, and so by the children of our processes too."""


class Process:
    """One Python process of the repository, killed at the end if it is still there."""

    def __init__(self, words: Sequence[str], url: str, redis_url: str, *, path: str = "") -> None:
        self._words = words
        self._environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "PYTHONPATH": f"{path}:{ROOT}",
        }
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed on leaving
        self.popen = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._said.close()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *self._words],
            env=self._environment,
            cwd=ROOT,
            stdout=self._said,
            stderr=self._said,
        )

    def restart(self) -> None:
        self.popen = self._start()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(STOP_WAIT_S)

    def terminate(self) -> int:
        """Ask it to stop; return what it ended with."""
        self.popen.terminate()
        return self.popen.wait(STOP_WAIT_S)

    def said(self) -> str:
        self._said.seek(0)
        return self._said.read().decode()


@contextlib.contextmanager
def supervised(process: Process) -> Iterator[Process]:
    """Start the process again whenever it has died, as a supervisor does."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if process.popen.poll() is not None:
                process.restart()

    watcher = threading.Thread(target=watch)
    watcher.start()
    with process:
        try:
            yield process
        finally:
            over.set()
            watcher.join()


@contextlib.contextmanager
def landmines() -> Iterator[str]:
    """Give a folder for the path of processes in which the provider "landmine" is to be known."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(LANDMINE)
        yield folder
