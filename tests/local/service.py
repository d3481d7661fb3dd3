"""The whole service on this machine: stores, migration, and every process of the Procfile."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.local import environments, fresh_secrets, ports, private_file, procfile
from tests.local.errors import LocalRunFailed, ProcessFailed
from tests.local.stores import Stores
from tests.local.supervisor import PATIENCE, Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from tests.local.supervisor import Patience

ROOT = Path(__file__).parents[2]
DATA = ROOT / ".data"
DATA_VARIABLE = "PAYRATCHET_DATA"
"""By which the operator's commands find data that is kept elsewhere."""

RELEASE_WAIT_S = 120.0
DEFAULT_PORTS = {"PORT": "8000", "CONSOLE_PORT": "8001"}
NOTHING_BESIDE: Mapping[str, list[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Service:
    """A service that is ready; its environment is what its processes share, with all secrets."""

    stores: Stores
    supervisor: Supervisor
    environment: Mapping[str, str]

    @property
    def ingress_url(self) -> str:
        """Where webhooks and the API are."""
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @property
    def console_url(self) -> str:
        """Where the operators' pages are."""
        return f"http://127.0.0.1:{self.environment['CONSOLE_PORT']}"


@contextlib.contextmanager
def running(
    *,
    data: Path = DATA,
    environment: Mapping[str, str] = os.environ,
    echo: TextIO | None = None,
    patience: Patience = PATIENCE,
    beside: Mapping[str, list[str]] = NOTHING_BESIDE,
) -> Iterator[Service]:
    """Start everything, give it when it is ready, and stop it in the reverse order.

    While it runs, `run/env.json` in the data folder tells the operator's commands where it is.
    `patience` is the supervisor's: whoever kills processes lets them die more often. `beside` has
    the commands of further processes that run as long as the service, by their names.
    Raises LocalRunFailed with a text that says what to do.
    """
    settings = _settings(data, environment)
    with contextlib.ExitStack() as run:
        stores = run.enter_context(
            Stores(
                data, database_url=settings.get("DATABASE_URL"), redis_url=settings.get("REDIS_URL")
            )
        )
        for name in DEFAULT_PORTS:
            ports.check_free(int(settings[name]), setting=name)
        settings.update(DATABASE_URL=stores.database_url, REDIS_URL=stores.redis_url)
        settings[DATA_VARIABLE] = str(data.resolve())
        commands = procfile.read(ROOT / "Procfile")
        release(commands.pop(procfile.RELEASE), settings)
        commands = {**beside, **commands}
        tell(run, data, settings)
        known = {name: environments.for_process(name, settings) for name in commands}
        supervisor = run.enter_context(
            Supervisor(
                commands,
                environments=known,
                logs=data / "log",
                folder=ROOT,
                echo=echo,
                patience=patience,
            )
        )
        supervisor.wait_ready(int(settings["PORT"]))
        yield Service(stores, supervisor, settings)


def _settings(data: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the ports and secrets that it lacks.

    An empty port or address counts as not set.
    """
    unset = {"DATABASE_URL", "REDIS_URL", *DEFAULT_PORTS}
    settings = {
        **DEFAULT_PORTS,
        **{name: value for name, value in environment.items() if value or name not in unset},
    }
    for name in DEFAULT_PORTS:
        if not settings[name].isdecimal():
            raise LocalRunFailed(f"{name} is {settings[name]!r}; it must be a port number.")
    return {**settings, **fresh_secrets.load(data / "secrets.json", environment)}


def release(words: list[str], settings: Mapping[str, str]) -> None:
    """Run the release process to its end; raises ProcessFailed with what it said."""
    try:
        done = subprocess.run(
            words,
            env=environments.for_process(procfile.RELEASE, settings),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RELEASE_WAIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProcessFailed(f"`{' '.join(words)}` did not run: {error}") from error
    if done.returncode != 0:
        raise ProcessFailed(
            f"`{' '.join(words)}` ended with {done.returncode}.\n{done.stdout}{done.stderr}".strip()
        )


def tell(run: contextlib.ExitStack, data: Path, settings: Mapping[str, str]) -> None:
    """Write what the operator's commands need, and forget it when the run ends."""
    told = data / "run" / "env.json"
    named = ("DATABASE_URL", "REDIS_URL", DATA_VARIABLE, *DEFAULT_PORTS)
    known = {
        name: value
        for name, value in settings.items()
        if name in named or environments.SECRET.fullmatch(name)
    }
    run.callback(told.unlink, missing_ok=True)
    private_file.write(told, json.dumps(known, indent=2))
