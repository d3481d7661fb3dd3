"""Bring a mutant into this process, which ends with it.

What runs in a test alone is exchanged in place, in every function object there is: that takes
milliseconds. What also ran when its module was imported (tables, defaults, classes) needs all our
modules anew.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.util
import sys
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from types import ModuleType

    from tests.mutation.mutants import Mutant

OURS = ("domain", "ingress", "workers", "migrations", "tests")
STATEFUL = ("prometheus_client",)
"""Libraries that refuse to be told the same by two copies of a module."""

KEPT = "tests.mutation"


Functions = dict[str, list[FunctionType]]
"""All functions of a file that there are in this process, by the file."""


def functions_of(files: Collection[Path]) -> Functions:
    """Find every function of the files, wherever it is kept."""
    found: Functions = {str(each.resolve()): [] for each in files}
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename in found:
            found[each.__code__.co_filename].append(each)
    return found


def exchange(functions: Functions, file: str, whole: CodeType) -> bool:
    """Put the code of a changed module into its functions. Return False where it does not fit."""
    new = {(code.co_qualname, code.co_firstlineno): code for code in _codes(whole)}
    fits = True
    for function in functions[file]:
        code = new.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
        if code is not None and len(code.co_freevars) == len(function.__code__.co_freevars):
            function.__code__ = code
        else:
            fits = False
    return fits


def code_of(mutant: Mutant) -> CodeType:
    """Return the code of the changed module."""
    return compile(mutant.source(), str(mutant.path.resolve()), "exec")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def import_anew(mutant: Mutant | None, tests: Collection[str]) -> None:
    """Forget all our modules; the next import of the mutant's gives the changed one.

    `tests` are modules of tests, wherever they are: they have taken names out of the old one.
    """
    forgotten = {*OURS, *STATEFUL, *([mutant.module.partition(".")[0]] if mutant else [])}
    for name in list(sys.modules):
        is_ours = name.partition(".")[0] in forgotten or name in tests
        if is_ours and not name.startswith(KEPT):
            del sys.modules[name]
    if mutant is not None:
        sys.meta_path.insert(0, _Changed(mutant))


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads the changed module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the changed module's spec, and none for any other."""
        del path, target
        if fullname != self._mutant.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self._mutant.path, loader=self)

    def get_source(self, fullname: str) -> str:
        """Return the changed text."""
        del fullname
        return self._mutant.source().decode()

    def get_code(self, fullname: str) -> CodeType:
        """Return the changed module's code."""
        del fullname
        return code_of(self._mutant)
