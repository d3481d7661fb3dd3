"""Mutants: every small change that is made to a module, each as an edit of its text.

An edit keeps the number of lines, so that all other functions stay where they are.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.mutation import operators, skipping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Scope:
    """A function as the interpreter names its code, or ("", 0) for a module's and classes' own."""

    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module: the bytes from `start` to `end` give way to `text`."""

    module: str
    path: Path
    line: int
    scope: Scope
    operator: str
    start: int
    end: int
    before: str
    after: str
    text: bytes
    which: int = 1
    """Of several that would go by one name, which."""

    @property
    def name(self) -> str:
        """Return what it goes by wherever its line stands: where it is, and what it changes."""
        where = f"{self.module}:{self.scope.name}" if self.scope.name else self.module
        again = f" ({self.which})" if self.which > 1 else ""
        return f"{where}: {self.before} -> {self.after}{again}"

    def source(self) -> bytes:
        """Return the whole module, changed."""
        whole = self.path.read_bytes()
        return whole[: self.start] + self.text + whole[self.end :]


def of(module: str, path: Path) -> list[Mutant]:
    """Return all mutants of the module, in the order of their lines."""
    source = path.read_bytes()
    finder = _Finder(module, path, source)
    finder.visit(ast.parse(source))
    distinct = {(each.start, each.end, each.text): each for each in finder.found}
    ordered = sorted(distinct.values(), key=lambda each: (each.line, each.start, each.text))
    seen: Counter[str] = Counter()
    for at, each in enumerate(ordered):
        seen[each.name] += 1
        ordered[at] = replace(each, which=seen[each.name])
    return ordered


class _Finder(ast.NodeVisitor):
    """Walks what runs, and leaves out what only says something."""

    def __init__(self, module: str, path: Path, source: bytes) -> None:
        self.found: list[Mutant] = []
        self._module = module
        self._path = path
        self._source = source
        self._line_starts = [0]
        for line in source.splitlines(keepends=True):
            self._line_starts.append(self._line_starts[-1] + len(line))
        self._scopes: list[Scope] = []
        self._names: list[str] = []
        self._whole: ast.JoinedStr | None = None
        """The f-string that is walked: within it nothing knows its own place."""

    def visit(self, node: ast.AST) -> None:
        """Find the mutants of the node and of all that is in it."""
        if skipping.is_silent(node, at_top=not self._scopes):
            return
        for operator, new in operators.changes(node):
            self._add(operator, node, new)
        if isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Compare):
            self._add("condition", node.test, ast.UnaryOp(ast.Not(), node.test))
        if not isinstance(node, ast.Raise):
            super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Walk its defaults where it stands and its body within it; its types say nothing."""
        for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d)):
            self.visit(default)
        first_line = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        self._scopes.append(Scope(".".join([*self._names, node.name]), first_line))
        self._names += [node.name, "<locals>"]
        for statement in node.body:
            self.visit(statement)
        del self._names[-2:]
        self._scopes.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast asks for this name

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Walk the body; bases and decorators stay."""
        self._names.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self._names.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Walk the value alone."""
        if node.value is not None:
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Walk the values that are written into the text."""
        outermost = self._whole is None
        self._whole = self._whole or node
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)
        if outermost:
            self._whole = None

    def _add(self, operator: str, node: ast.AST, new: ast.AST | bytes) -> None:
        if isinstance(new, bytes):
            assert isinstance(node, ast.Constant)
            self._edit(operator, node, *_as_text(node, new))
            return
        before, after = ast.unparse(node), ast.unparse(new)
        whole = self._whole
        if whole is None or isinstance(node, ast.JoinedStr):
            self._edit(operator, node, before, after, after)
        else:
            changed = ast.unparse(_Swap(node, new).visit(whole))
            _Swap(new, node).visit(whole)
            self._edit(operator, whole, before, after, changed)

    def _edit(self, operator: str, node: ast.AST, before: str, after: str, code: str) -> None:
        assert isinstance(node, ast.expr | ast.stmt)
        start, end = self._span(node)
        lines = self._source.count(b"\n", start, end) - code.count("\n")
        is_whole = isinstance(node, ast.stmt)
        text = code + "\n" * lines if is_whole else f"({code}" + "\n" * lines + ")"
        scope = self._scopes[-1] if self._scopes else Scope()
        self.found.append(
            Mutant(
                self._module,
                self._path,
                node.lineno,
                scope,
                operator,
                start,
                end,
                _one_line(before),
                _one_line(after),
                text.encode(),
            )
        )

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._line_starts[node.lineno - 1] + node.col_offset
        return start, self._line_starts[node.end_lineno - 1] + node.end_col_offset


class _Swap(ast.NodeTransformer):
    """Puts one node into the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old = old
        self._new = new

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the other node for the one, and any other as it is."""
        if node is self._old:
            return self._new
        self.generic_visit(node)
        return node


def _as_text(node: ast.Constant, new: bytes) -> tuple[str, str, str]:
    """Return what differs between two texts of many lines, and the new one as it is written."""
    old = str(node.value)
    changed = new.decode()
    pairs = zip(old.splitlines(), changed.splitlines(), strict=True)
    before, after = next(pair for pair in pairs if pair[0] != pair[1])
    return before, after, f'"""{changed}"""'


def _one_line(code: str) -> str:
    return " ".join(code.split())


def every(modules: dict[str, Path]) -> Iterator[Mutant]:
    """Yield the mutants of several modules."""
    for module, path in modules.items():
        yield from of(module, path)
