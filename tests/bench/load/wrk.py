"""A flood by wrk: the cheapest generator there is, where it is installed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.load import generator, result

if TYPE_CHECKING:
    from tests.bench.load.result import Flood
    from tests.bench.load.target import Target

NAME = "wrk"
SCRIPT = Path(__file__).with_name("deliveries.lua")
ANSWER_S_MAX = 10
GRACE_S = 20.0
"""What it may take beyond the time of the flood, to start and to end."""


def is_there() -> bool:
    """Tell whether it can be used."""
    return shutil.which(NAME) is not None


def run(target: Target, requests: Path, *, for_s: int, connections: int) -> Flood:
    """Send the deliveries of a file for so many whole seconds, each once, from one thread.

    Raises BenchFailed when wrk fails or the file runs out.
    """
    words = [NAME, "--threads", "1", "--connections", str(connections), "--duration", f"{for_s}s"]
    words += ["--timeout", f"{ANSWER_S_MAX}s", "--script", str(SCRIPT), target.url, "--"]
    words += [str(requests), target.signature_header]
    words += [f"{name}: {value}" for name, value in target.headers.items()]
    ended = generator.run(words, within_s=for_s + GRACE_S)
    return result.read(NAME, ended.text, requests, ended_s=ended.ended_s, cpu_s=ended.cpu_s)
