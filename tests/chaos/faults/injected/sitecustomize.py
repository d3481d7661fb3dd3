"""Loaded by Python itself before a process of the lab runs: it loads what PAYRATCHET_LAB_LOADS has.

Names of modules with commas between them; each is on the path, and does its work as it is loaded.
"""

from __future__ import annotations

import importlib
import os

for name in os.environ.get("PAYRATCHET_LAB_LOADS", "").split(","):
    if name:
        importlib.import_module(name)
