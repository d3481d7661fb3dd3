"""`python3 -m tests.hostile.fuzz --seconds N`: look for bytes that break what reads them first.

Guided by which lines of `domain` and `ingress` they reach (atheris, which is not installed with
the rest: `pip install atheris`; it is built for Linux on x86-64, Python 3.11 to 3.13). The time is
shared by the targets, or one gets all of it. What is found is kept under `.data/fuzz/`, and read
again by `--again FILE`.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

FOUND = Path(".data/fuzz")
EXIT_FOUND = 1
EXIT_USAGE = 2
SECONDS_DEFAULT = 60
BODY_BYTES_MAX = 4_096
"""Bytes of one try: what is longer reaches no other line."""

MISSING = "nothing was fuzzed: atheris is not installed (pip install atheris, on Linux x86-64)"

TRY_S_MAX = 10
MEMORY_MB_MAX = 2_048
"""Seconds and memory of one try: what takes more is a finding."""

SPARE_S = 60
"""Seconds beyond its own that a target may take to start and to end."""


def main() -> int:
    """Fuzz; return `EXIT_FOUND` when something was found."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS_DEFAULT)
    parser.add_argument("--target", help="one of them alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path, help="a file of `.data/fuzz` to read again")
    asked = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        parser.error(MISSING)
    if asked.target is not None:
        _fuzz(asked.target, asked.seconds, asked.seed, asked.again)
        return 0
    from tests.hostile.fuzz_targets import TARGETS  # noqa: PLC0415 - a fuzzed one is instrumented

    each_s = max(1, asked.seconds // len(TARGETS))
    found = [name for name in TARGETS if _alone(name, each_s, asked.seed)]
    return EXIT_FOUND if found else 0


def _alone(target: str, seconds: int, seed: int) -> int:
    """Fuzz one target in a process of its own, which ends with what it finds."""
    words = ["--target", target, "--seconds", str(seconds), "--seed", str(seed)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.fuzz", *words],
        stderr=subprocess.PIPE,
        timeout=seconds + SPARE_S,
        check=False,
    )
    lines = done.stderr.decode(errors="replace").splitlines()
    said = [line for line in lines if line.startswith("Done")] if not done.returncode else lines
    sys.stdout.write("\n".join([f"{target}:", *said[-30:]]) + "\n")
    return done.returncode


def _fuzz(target: str, seconds: int, seed: int, again: Path | None) -> None:
    """Fuzz until the time is over or something is found; leaves the process either way."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["domain", "ingress"]):
        targets = importlib.import_module("tests.hostile.fuzz_targets").TARGETS
    if target not in targets:
        sys.exit(EXIT_USAGE)
    FOUND.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={BODY_BYTES_MAX}"]
    options += [f"-timeout={TRY_S_MAX}", f"-rss_limit_mb={MEMORY_MB_MAX}"]
    words = [sys.argv[0], *options, f"-artifact_prefix={FOUND}/{target}-"]
    atheris.Setup([*words, *([str(again)] if again else [])], targets[target])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
