"""Loaded in a process of the lab before anything else: has its bugs planted as modules come.

The variable names them: `module=package:function`, with blanks between them.
"""

from __future__ import annotations

import functools
import importlib
import os
from typing import TYPE_CHECKING

from tests.chaos.faults.injected.lab_imports import when_loaded

if TYPE_CHECKING:
    from types import ModuleType

VARIABLE = "PAYRATCHET_LAB_PLANTED"


def install(words: str) -> None:
    """Wait for the modules that are named."""
    for word in words.split():
        module, _, change = word.partition("=")
        when_loaded(module, functools.partial(_change, change))


def _change(word: str, module: ModuleType) -> None:
    """Call the function that the word names; its module is loaded no sooner than now."""
    place, _, name = word.partition(":")
    getattr(importlib.import_module(place), name)(module)


install(os.environ.get(VARIABLE, ""))
