"""The machine of a run, and the versions of what ran on it; nothing that says whose it is."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import psycopg
import redis

PACKAGES = (
    "dramatiq",
    "httptools",
    "psycopg",
    "pydantic",
    "redis",
    "starlette",
    "uvicorn",
    "uvloop",
)
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")
PAGE_BYTES = 8192
FILE_BYTES_MAX = 256 * 1024 * 1024
"""The file of the disk's measure starts again at this size, so that a fast disk is not filled."""

COMMAND_WAIT_S = 10.0
CONNECT_WAIT_S = 10
KIB_IN_GIB = 1024 * 1024
STEAL_FIELD = 7
CPU_FIELDS = 8
"""user nice system idle iowait irq softirq steal; guest time, after them, is in user already."""

_PROC = Path("/proc")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")
_OCTAL = re.compile(r"\\(\d{3})")


def describe(
    data_folder: Path,
    tree: Path,
    *,
    database_url: str | None = None,
    redis_url: str | None = None,
) -> dict[str, Any]:
    """Return what a reader must know to compare; None stands for what could not be found out.

    `data_folder` is where the stores keep their data, `tree` the checkout that is measured. Servers
    are asked themselves, so that the durability told is theirs and not the one we meant to set.
    Raises what psycopg and redis raise when a given server does not answer.
    """
    return {
        "cpu": _cpu(),
        "cores": _cores(),
        "memory_gib": _memory_gib(),
        "kernel": _first_number(platform.release()),
        "os": _os_name(),
        "filesystem": filesystem(data_folder),
        "python": platform.python_version(),
        "packages": {name: _package(name) for name in PACKAGES},
        "postgres": None if database_url is None else _postgres(database_url),
        "valkey": None if redis_url is None else _valkey(redis_url),
        "wrk": _wrk(),
        "commit": _git(tree, "rev-parse", "--short", "HEAD"),
        "dirty": _dirty(tree),
    }


def filesystem(folder: Path) -> str | None:
    """Return the type of the filesystem that holds the folder, as the kernel names it."""
    wanted = folder.resolve()
    found: tuple[int, str] | None = None
    for line in _lines(_PROC / "self" / "mountinfo"):
        before, _, after = line.partition(" - ")
        mounted = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), before.split()[4]))
        depth = len(mounted.parts)
        # Of two mounts on one folder the later one covers the earlier.
        if wanted.is_relative_to(mounted) and (found is None or depth >= found[0]):
            found = (depth, after.split()[0])
    return None if found is None else found[1]


def fsync_per_s(folder: Path, *, for_s: float, file_bytes_max: int = FILE_BYTES_MAX) -> float:
    """Return how many appended pages a second the folder's disk makes durable, one by one.

    It is what a server without group commit could reach at best. Uses fsync where there is no
    fdatasync; whether the disk tells the truth about it nobody can see from here.
    """
    sync = getattr(os, "fdatasync", os.fsync)
    page = os.urandom(PAGE_BYTES)
    done = size_bytes = 0
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        started = time.perf_counter()
        elapsed_s = 0.0
        while elapsed_s < for_s or not done:
            file.write(page)
            sync(file.fileno())
            done, size_bytes = done + 1, size_bytes + PAGE_BYTES
            if size_bytes >= file_bytes_max:
                file.seek(0)
                file.truncate()
                size_bytes = 0
            elapsed_s = time.perf_counter() - started
    return done / elapsed_s


class Steal:
    """The share of CPU time that other guests of the same host took, from the making of this on."""

    def __init__(self) -> None:
        self._before = _cpu_ticks()

    def percent(self) -> float | None:
        """Return it for the time until now; None where the kernel does not tell."""
        after = _cpu_ticks()
        if self._before is None or after is None:
            return None
        all_ticks = after[0] - self._before[0]
        return round(100 * (after[1] - self._before[1]) / all_ticks, 2) if all_ticks > 0 else 0.0


def _cpu_ticks() -> tuple[int, int] | None:
    """Return the ticks of all kinds, and those that were stolen."""
    for line in _lines(_PROC / "stat"):
        if line.startswith("cpu "):
            ticks = [int(word) for word in line.split()[1 : 1 + CPU_FIELDS]]
            return (sum(ticks), ticks[STEAL_FIELD]) if len(ticks) == CPU_FIELDS else None
    return None


def _cpu() -> str:
    told = _field(_PROC / "cpuinfo", "model name")
    return " ".join(told.split()) if told else platform.processor() or platform.machine()


def _cores() -> int:
    """Count those that we may use; a container is often given fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gib() -> float | None:
    told = _field(_PROC / "meminfo", "MemTotal")
    return None if told is None else round(int(told.split()[0]) / KIB_IN_GIB, 1)


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _package(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _postgres(url: str) -> dict[str, str]:
    with psycopg.connect(url, connect_timeout=CONNECT_WAIT_S) as connection:
        rows = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
            [["server_version", *DURABILITY]],
        ).fetchall()
    settings: dict[str, str] = dict(rows)
    return {
        "version": settings["server_version"].split()[0],
        **{name: settings[name] for name in DURABILITY},
    }


def _valkey(url: str) -> dict[str, str]:
    with redis.Redis.from_url(
        url, socket_timeout=CONNECT_WAIT_S, socket_connect_timeout=CONNECT_WAIT_S
    ) as client:
        told = client.info("server")
    brand = "valkey" if "valkey_version" in told else "redis"
    return {"brand": brand, "version": str(told[f"{brand}_version"])}


def _wrk() -> str | None:
    path = shutil.which("wrk")
    if path is None:
        return None
    # It prints its version above its usage, and calls that a failure.
    return _first_number(_printed([path, "-v"], any_status=True) or "")


def _dirty(tree: Path) -> bool | None:
    told = _git(tree, "status", "--porcelain")
    return None if told is None else bool(told)


def _git(tree: Path, *words: str) -> str | None:
    path = shutil.which("git")
    return None if path is None else _printed([path, "-C", str(tree), *words])


def _printed(command: list[str], *, any_status: bool = False) -> str | None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=COMMAND_WAIT_S, check=False
    )
    return done.stdout.strip() if any_status or done.returncode == 0 else None


def _first_number(text: str) -> str | None:
    """Return `6.1.0` of `6.1.0-name-of-a-cloud`: what follows may say whose machine it is."""
    found = _NUMBERS.search(text)
    return None if found is None else found[0]


def _field(file: Path, name: str) -> str | None:
    for line in _lines(file):
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None


def _lines(file: Path) -> list[str]:
    """Return none where there is no such file: not every kernel has a /proc."""
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
