"""Sites: every place in the source that talks to somebody outside its process, by the scan of it.

A site has a name that outlives edits elsewhere in its file: module, function, what is called, and
its number among those in the function.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGES = ("ingress", "workers")

SQL = frozenset({"execute", "executemany", "copy"})
"""What runs a statement, whoever it is called on."""

TRANSACTIONS = frozenset({"transaction", "pipeline"})
"""What a `with` begins and ends: both ends are boundaries. `statement` has none of its own."""

CALLED_ON = {
    "rows": ("wire",),
    "publish": ("self._client", "client"),
    "enqueue": ("broker",),
    "set": ("client", "self._redis"),
    "llen": ("broker.client",),
    "info": ("client",),
    "acquire": ("lock",),
    "release": ("lock",),
    "extend": ("self._lock",),
    "_take": ("self",),
    "_release": ("self",),
    "send_packed_command": ("connection",),
    "stream": ("connection",),
    "subscribe": ("ear",),
    "get_message": ("ear",),
    "initialize": ("client",),
    "look_up": ("client", "begun.client"),
    "refund": ("client",),
    "cancel": ("client",),
    "page": ("client",),
}
"""Names that mean it only when they are called on these."""

SCRIPTS = frozenset({"_take", "_release"})
"""Scripts of Redis, which are told `keys`: other functions have these names too."""


@dataclass(frozen=True, slots=True)
class Site:
    """A call, and where it stands; `lines` are those of the call or of the `with` around it."""

    name: str
    path: str
    kind: str
    lines: tuple[int, int]
    columns: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """Return how much it spans: the smallest that holds a place is the one that is meant."""
        return (self.lines[1] - self.lines[0], self.columns[1] - self.columns[0])


@cache
def scanned() -> dict[str, tuple[Site, ...]]:
    """Return the sites of every source file, by its path from the root."""
    found = {}
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            path = str(file.relative_to(ROOT))
            found[path] = tuple(_of(path, ast.parse(file.read_bytes())))
    return found


def names() -> list[str]:
    """Return the names of all sites, in the order of their files."""
    return [site.name for sites in scanned().values() for site in sites]


def at(path: str, line: int, kind: str) -> Site | None:
    """Return the smallest site of a kind that holds a line, None where the scan knows of none."""
    holding = [
        site
        for site in scanned().get(path, ())
        if site.kind == kind and site.lines[0] <= line <= site.lines[1]
    ]
    return min(holding, key=lambda site: site.size, default=None)


def _of(path: str, tree: ast.Module) -> Iterator[Site]:
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    numbers: Counter[str] = Counter()
    for where, call, around in _calls(tree, (), None):
        said = _said(call)
        if said is None:
            continue
        kind, word = said
        base = ".".join((module, *where))
        numbers[f"{base}:{word}"] += 1
        node: ast.AST = around if kind == "with" and around is not None else call
        first, last = _lines(node)
        yield Site(
            f"{base}:{word}#{numbers[f'{base}:{word}']}",
            path,
            kind,
            (first, last),
            (call.col_offset, call.end_col_offset or 0),
        )


def _calls(
    node: ast.AST, where: tuple[str, ...], around: ast.AST | None
) -> Iterator[tuple[tuple[str, ...], ast.Call, ast.AST | None]]:
    for child in ast.iter_child_nodes(node):
        inside = where
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inside = (*where, child.name)
        within = child if isinstance(child, (ast.With, ast.AsyncWith)) else around
        if isinstance(child, ast.Call):
            yield where, child, around
        yield from _calls(child, inside, within)


def _lines(node: ast.AST) -> tuple[int, int]:
    """Return the first and last line: of a `with`, those before its body."""
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return first, max(first, node.body[0].lineno - 1)
    return first, last


def _said(call: ast.Call) -> tuple[str, str] | None:
    """Return the kind of a call and the word for it; None for one that stays in the process."""
    if isinstance(call.func, ast.Name):
        return ("answer", "send") if call.func.id == "send" else None
    if not isinstance(call.func, ast.Attribute):
        return None
    word, on = call.func.attr, ast.unparse(call.func.value)
    if word in TRANSACTIONS:
        return "with", word
    is_other = word in SCRIPTS and not any(each.arg == "keys" for each in call.keywords)
    speaks = word in SQL or (on in CALLED_ON.get(word, ()) and not is_other)
    return ("call", word) if speaks else None
