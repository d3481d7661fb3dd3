"""Which functions of the mutated modules are called, by what is imported and by each test."""

from __future__ import annotations

import ast
import builtins
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation import changing
from tests.mutation.mutants import Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import CodeType, FrameType

Called = set[tuple[str, Scope]]
"""Functions by the file that they are in."""

NOTE = "__called__"
"""What a function that notes its calls begins with: a builtin while anybody looks."""


@contextlib.contextmanager
def traced(files: Collection[Path]) -> Iterator[Called]:
    """Note which functions of the files are called, by the interpreter's trace: it is slow."""
    wanted = {str(each.resolve()) for each in files}
    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, given: object) -> None:
        del event, given
        if frame.f_code.co_filename in wanted:
            codes.add(frame.f_code)

    called: Called = set()
    before = sys.gettrace()
    sys.settrace(note)
    try:
        yield called
    finally:
        sys.settrace(before)
        called |= {_scope_of(code) for code in codes}


def have_noted(functions: changing.Functions) -> set[CodeType]:
    """Have the functions, in this process, note that they are called; return where they do."""
    codes: set[CodeType] = set()
    setattr(builtins, NOTE, lambda: codes.add(sys._getframe(1).f_code))  # noqa: SLF001
    for file in functions:
        tree = ast.parse(Path(file).read_bytes())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                note = ast.Expr(ast.Call(ast.Name(NOTE, ast.Load()), [], []))
                node.body.insert(0, ast.fix_missing_locations(ast.copy_location(note, node)))
        changing.exchange(functions, file, compile(tree, file, "exec"))
    return codes


def scopes(codes: Collection[CodeType]) -> Called:
    """Return the functions that the code is of."""
    return {_scope_of(code) for code in codes}


def _scope_of(code: CodeType) -> tuple[str, Scope]:
    return code.co_filename, Scope(code.co_qualname, code.co_firstlineno)
