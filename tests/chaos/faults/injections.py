"""What the lab puts into processes as they start, so that a fault later needs no restart."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.faults import shim
from tests.chaos.kinds import POSTGRES, PROCESSES, WORKERS

INJECTED = Path(__file__).with_name("injected")
WALKABLE = 0o711
LOADS = "PAYRATCHET_LAB_LOADS"
POISON = "PAYRATCHET_LAB_POISON"
CONTROL = "PAYRATCHET_LAB_CONTROL"


def poison_of(folder: Path) -> Path:
    """Return where the markers of poison are that is armed in a run."""
    return folder / "lab" / "poison"


def prepared(folder: Path) -> dict[str, dict[str, str]]:
    """Return the further environment of each process of a run, and of Postgres, by name.

    To be given to `stage.raised` with the same folder. Without a C compiler Postgres has none, and
    only Python's own clock can be shifted.
    """
    (folder / "lab").mkdir(mode=WALKABLE, parents=True, exist_ok=True)
    built = shim.build(folder / "lab")
    preloads = {"LD_PRELOAD": str(built)} if built is not None else {}
    injected = {
        name: _environment(folder, name, shifts_python=built is None) | preloads
        for name in PROCESSES
    }
    if built is not None:
        injected[POSTGRES] = {**_control(folder, POSTGRES), **preloads}
    return injected


def _control(folder: Path, name: str) -> dict[str, str]:
    control = shim.control_of(folder, name)
    shim.make_control(control)
    return {CONTROL: str(control)}


def _environment(folder: Path, name: str, *, shifts_python: bool) -> dict[str, str]:
    loads = [
        *(["lab_poison"] if name in WORKERS else []),
        *(["lab_clock"] if shifts_python else []),
    ]
    return {
        **_control(folder, name),
        "PYTHONPATH": str(INJECTED),
        LOADS: ",".join(loads),
        POISON: str(poison_of(folder)),
    }
