"""The units are well-formed, run what the Procfile runs, and are shut in."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import DEPLOY, ROOT, UNITS, code_words, table
from tests.local import procfile

if TYPE_CHECKING:
    from pathlib import Path

ANALYZE = shutil.which("systemd-analyze")
PROGRAMS = "/opt/payratchet/.venv/bin"
STOP_S = 10
EXPOSURE_MAX = 20
"""Of `systemd-analyze security`, in tenths: 14 is what the units have, 100 is no protection."""

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def unit_files() -> list[Path]:
    return sorted(UNITS.glob("payratchet*.service"))


def unit_of(process: str) -> Path:
    plain = UNITS / f"payratchet-{process}.service"
    return plain if plain.exists() else UNITS / f"payratchet-{process}@.service"


def read(unit: Path) -> dict[str, list[str]]:
    """Return the values of every key of [Service], the shared ones included."""
    found: dict[str, list[str]] = {}
    for file in (unit, UNITS / "payratchet-.service.d" / "hardening.conf"):
        section = file.read_text().partition("[Service]\n")[2].partition("\n[")[0]
        for key, value in re.findall(r"^(\w+)=(.*)$", section, re.MULTILINE):
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """Return a copy of the units whose programs exist.

    systemd-analyze rightly warns of an ExecStart that is not there, and /opt/payratchet is not
    there where tests run: so each program's path is replaced by one of the same name here.
    """
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python", "payratchet"):
        (programs / name).symlink_to("/bin/true")
    copied = tmp_path / "units"
    shutil.copytree(UNITS, copied)
    for unit in copied.glob("*.service"):
        unit.write_text(unit.read_text().replace(PROGRAMS, str(programs)))
    return copied


def analyze(*words: str, folder: Path) -> str:
    """Return all that systemd-analyze says; it warns without an exit code."""
    done = subprocess.run(
        [str(ANALYZE), *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr + ("" if done.returncode == 0 else "\nit failed")


def instances() -> list[str]:
    return [unit.name.replace("@.", "@1.") for unit in unit_files()]


@needs_systemd
def test_systemd_has_nothing_to_say_against_the_units(staged: Path) -> None:
    names = [f"./{name}" for name in (*instances(), "payratchet.target")]
    said = analyze("verify", "--man=no", *names, folder=staged)
    ours = [line for line in said.splitlines() if "payratchet" in line or "failed" in line]
    assert not ours


@needs_systemd
def test_the_check_above_sees_a_mistake_in_the_shared_part(staged: Path) -> None:
    shared = staged / "payratchet-.service.d" / "hardening.conf"
    shared.write_text(shared.read_text().replace("PrivateTmp=yes", "PrivateTmp=perhaps"))
    said = analyze("verify", "--man=no", "./payratchet-worker@1.service", folder=staged)
    assert "Failed to parse" in said


@needs_systemd
@pytest.mark.parametrize("name", instances())
def test_every_process_is_shut_in(staged: Path, name: str) -> None:
    said = analyze(
        "security",
        "--offline=yes",
        f"--threshold={EXPOSURE_MAX}",
        "--no-pager",
        f"./{name}",
        folder=staged,
    )
    assert "it failed" not in said, said


@pytest.mark.parametrize("process", sorted(procfile.read(ROOT / "Procfile")))
def test_each_process_of_the_procfile_has_a_unit_that_runs_the_same(process: str) -> None:
    [command] = read(unit_of(process))["ExecStart"]
    program, *arguments = shlex.split(command)
    words = procfile.read(ROOT / "Procfile")[process]
    assert [program, *arguments] == [f"{PROGRAMS}/{words[0]}", *words[1:]]


@pytest.mark.parametrize("unit", unit_files(), ids=lambda unit: unit.name)
def test_every_process_has_time_to_stop_and_bounds_for_the_rest(unit: Path) -> None:
    service = read(unit)
    assert [int(text) for text in service["TimeoutStopSec"]] > [STOP_S]
    assert service["Restart"] == ["on-failure" if "release" in unit.name else "always"]
    assert service["NoNewPrivileges"] == ["yes"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["RestrictAddressFamilies"] == ["AF_UNIX AF_INET AF_INET6"]
    assert service["User"] == ["payratchet"]
    assert "RestartSec" in service
    assert "MemoryMax" in service


def test_only_the_web_sees_the_secrets_of_providers() -> None:
    readers = [
        unit.name
        for unit in unit_files()
        if "/etc/payratchet/web.env" in read(unit)["EnvironmentFile"]
    ]
    assert readers == ["payratchet-web.service"]


def test_the_files_of_settings_that_the_page_names_are_those_of_the_units() -> None:
    named = {word for row in table(DEPLOY, "file") for word in code_words(row[0])}
    read_files = {file for unit in unit_files() for file in read(unit)["EnvironmentFile"]}
    assert named == {file.removeprefix("-") for file in read_files}


def test_the_target_wants_every_process() -> None:
    text = (UNITS / "payratchet.target").read_text()
    wanted = re.findall(r"payratchet-[\w@]+\.service", text)
    assert {re.sub(r"@\d+", "@", name) for name in wanted} == {unit.name for unit in unit_files()}
