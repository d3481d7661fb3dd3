"""Keeping: the folder of a run while it lasts, and what is left of it afterwards."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.progress import say
from tests.local import throw_away
from tests.local.service import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.options import Options
    from tests.chaos.report import Result

KEPT = DATA / "chaos"
"""Where plots and results of runs are, by their seeds."""

PREFIX = "payratchet-chaos-"
WALKABLE = 0o711
"""The account that runs a store as root's stand-in must be able to walk through."""


@contextlib.contextmanager
def folder_of(options: Options) -> Iterator[Path]:
    """Give an empty folder; it is removed at the end unless it is to be kept."""
    if not options.keep:
        with throw_away.folder() as made:
            yield made
        return
    made = Path(tempfile.mkdtemp(prefix=PREFIX))
    made.chmod(WALKABLE)
    say(f"everything of this run stays in {made}")
    yield made


def keep(result: Result, drawing: str, folder: Path) -> Path:
    """Save the plot and the result, here and in the run's folder; return where the plot is."""
    name = "-".join(["seed", str(result.options.seed), *result.options.bugs])
    KEPT.mkdir(parents=True, exist_ok=True)
    plot = KEPT / f"{name}.svg"
    plot.write_text(drawing)
    result.plot = plot
    told = json.dumps(result.as_json(), indent=2, ensure_ascii=False)
    (KEPT / f"{name}.json").write_text(f"{told}\n")
    with contextlib.suppress(OSError):
        shutil.copy(plot, folder / "plot.svg")
    return plot
