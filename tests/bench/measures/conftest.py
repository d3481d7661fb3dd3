"""Durable stores for the measures under test: they are what is measured."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bench.stage.grounds import grounds
from tests.bench.stage.run import Run
from tests.bench.stage.supply import Numbers
from tests.conftest import EMPTY_STORES
from tests.local import throw_away

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Return a run on stores of this module alone."""
    with throw_away.folder() as folder:
        # A copy is made far faster than new ones. These start durable: no setting is in the files.
        subprocess.run(["cp", "-a", f"{Path(os.environ[EMPTY_STORES])}/.", folder], check=True)
        with grounds(folder) as made:
            yield Run(made, folder, Numbers(), seed=7)
