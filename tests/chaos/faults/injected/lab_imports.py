"""Change a module of the service as it is loaded, without loading anything too early."""

from __future__ import annotations

import importlib.util
import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class _Once(MetaPathFinder):
    """Finds one module as all others would, and has it changed once it is loaded."""

    def __init__(self, name: str, change: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._change = change

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            self._change_after(spec)
        return spec

    def _change_after(self, spec: ModuleSpec) -> None:
        loader = spec.loader
        assert loader is not None
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            self._change(module)

        loader.exec_module = exec_module  # type: ignore[method-assign]


def when_loaded(name: str, change: Callable[[ModuleType], None]) -> None:
    """Call `change` with the module once it is loaded, before anybody takes something from it."""
    sys.meta_path.insert(0, _Once(name, change))
