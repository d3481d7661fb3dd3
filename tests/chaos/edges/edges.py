"""All edges of a run: one proxy process, so that carrying them does not slow the lab's threads."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from tests.chaos.edges.edge import Edge
from tests.chaos.errors import EdgesFailed
from tests.local.service import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

ANSWER_S_MAX = 10.0
"""Longest that the proxy may take to do what it is asked, and to start."""

END_S_MAX = 5.0


class Edges:
    """The proxy process, started on entering and ended on leaving. It ends with the lab by itself.

    `log` is where it writes whatever it has to say.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._edges: dict[str, Edge] = {}
        self._turn = threading.Lock()
        self._control: socket.socket | None = None
        self._answers = b""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        ours, its = socket.socketpair()
        ours.settimeout(ANSWER_S_MAX)
        self._control = ours
        self._log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with its, self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.edges", str(its.fileno())],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_S_MAX)
            self._process.kill()
            self._process.wait()

    @property
    def by_name(self) -> Mapping[str, Edge]:
        """Every edge that was opened."""
        return MappingProxyType(self._edges)

    @property
    def pid(self) -> int:
        """The proxy process. Raises EdgesFailed before it is started."""
        if self._process is None:
            raise EdgesFailed("The edges are not open.")
        return self._process.pid

    def open(self, name: str, server: str | tuple[str, int]) -> Edge:
        """Open an edge before a server: a unix socket's path, or host and port."""
        port: int = self._ask(name, "open", server=server)
        self._edges[name] = Edge(name, port, self._ask)
        return self._edges[name]

    def heal(self) -> None:
        """Have no faults on any edge any more."""
        for edge in tuple(self._edges.values()):
            edge.heal()

    def _ask(self, edge: str, do: str, **details: Any) -> Any:
        line = json.dumps({"edge": edge, "do": do, **details}).encode() + b"\n"
        with self._turn:
            told = json.loads(self._exchange(line))
        if "error" in told:
            raise EdgesFailed(f"The proxy could not {do} at {edge}: {told['error']}")
        return told["value"]

    def _exchange(self, line: bytes) -> bytes:
        """Send a line and return the one that answers it."""
        if self._control is None:
            raise EdgesFailed("The edges are not open.")
        try:
            self._control.sendall(line)
            while b"\n" not in self._answers:
                part = self._control.recv(65_536)
                if not part:
                    raise EdgesFailed(f"The proxy process has ended; see {self._log}.")
                self._answers += part
        except OSError as error:
            raise EdgesFailed(f"The proxy process does not answer ({error}).") from error
        answer, _, self._answers = self._answers.partition(b"\n")
        return answer
