"""Run a store with as little power as it needs: never as root, never longer than we live.

Postgres refuses root. As root we hand the stores to an account without a login and keep one
capability for them, CAP_DAC_OVERRIDE, so that a checkout below a private home folder works without
opening any folder to others.
"""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, TYPE_CHECKING

from tests.local.errors import StoreFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ACCOUNTS = ("postgres", "nobody")
PROBE_WAIT_S = 5.0
NOTHING: Mapping[str, str] = MappingProxyType({})
DIE_WITH_PARENT = ("--pdeathsig", "INT")
# Without no_setuid_fixup access(2) drops the capability for an account that is not root, and initdb
# finds no binary.
KEEP_READING = (
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=-all,+dac_override",
    "--securebits=+no_setuid_fixup",
)


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a store runs as."""

    uid: int
    gid: int


def account_for(data: Path) -> Account:
    """Return who runs the store of this folder: ourselves, or for root an account without power.

    A folder made earlier keeps its owner: installing a Postgres package later changes nothing.
    Raises StoreFailed when the folder belongs to somebody else.
    """
    owner = _owner(data)
    if os.geteuid() != 0:
        if owner is not None and owner.uid != os.geteuid():
            raise StoreFailed(f"{data} belongs to uid {owner.uid}. Run as that user, or delete it.")
        return Account(os.geteuid(), os.getegid())
    if owner is not None and owner.uid != 0:
        return owner
    return _powerless()


def give(path: Path, account: Account) -> None:
    """Make the account the owner of one file or folder; nothing happens when it is."""
    if os.geteuid() == 0:
        os.chown(path, account.uid, account.gid)


def start(
    command: Sequence[str | Path],
    account: Account,
    *,
    output: IO[bytes] | int,
    reads: bool = False,
    environment: Mapping[str, str] = NOTHING,
) -> subprocess.Popen[bytes]:
    """Start a program as the account, in a session of its own; both outputs go to one place.

    `environment` is added to ours. The kernel interrupts it when the *thread* that calls this ends:
    call it from a thread that lives as long as the run. Raises StoreFailed when this process may
    not become the account.
    """
    prefix = _prefix(account)
    becomes = account if not prefix and os.geteuid() == 0 else None
    try:
        return subprocess.Popen(
            [*prefix, *command],
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, **environment},
            start_new_session=True,
            user=becomes.uid if becomes else None,
            group=becomes.gid if becomes else None,
            extra_groups=[] if becomes else None,
        )
    except PermissionError as error:
        raise StoreFailed(
            f"{command[0]} cannot be started as uid {account.uid}: {error.strerror}. "
            "Install setpriv (util-linux), or move the checkout to where that account may read, "
            "or run as a normal user, or set DATABASE_URL and REDIS_URL to running servers."
        ) from error


def die_with_parent(signal_name: str) -> list[str]:
    """Return the words before a command that end it with our thread; none where none can."""
    words = ["setpriv", "--pdeathsig", signal_name, "--"]
    return words if _works(tuple(words)) else []


def _prefix(account: Account) -> list[str]:
    """Return the strongest form of `setpriv` that works here, or nothing."""
    if os.geteuid() != 0:
        return die_with_parent(DIE_WITH_PARENT[1])
    become = (
        "setpriv",
        *DIE_WITH_PARENT,
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
    )
    for words in ((*become, *KEEP_READING, "--"), (*become, "--")):
        if _works(words):
            return list(words)
    return []


@functools.cache
def _works(prefix: tuple[str, ...]) -> bool:
    if shutil.which(prefix[0]) is None:
        return False
    probe = subprocess.run(
        [*prefix, "true"], capture_output=True, timeout=PROBE_WAIT_S, check=False
    )
    return probe.returncode == 0


def _owner(data: Path) -> Account | None:
    try:
        status = data.stat()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise StoreFailed(
            f"{data} cannot be read: {error.strerror}. Run as its owner, or delete the folder."
        ) from error
    return Account(status.st_uid, status.st_gid)


def _powerless() -> Account:
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StoreFailed(
        f"Postgres refuses root, and there is no account {' or '.join(ACCOUNTS)}. "
        "Run as a normal user."
    )
