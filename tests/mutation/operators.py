"""Operators: the changes that are tried on one piece of code, each as one that people make."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator

from tests.mutation.skipping import is_prose

Change = tuple[str, ast.AST | bytes]
"""The operator's name, and the changed piece; of a text of many lines its new bytes."""

Operator = Callable[[ast.AST], Iterator[Change]]

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
CALLED = {
    "max": "min",
    "min": "max",
    "any": "all",
    "all": "any",
    "sorted": "list",
    "abs": "int",
    "startswith": "endswith",
    "endswith": "startswith",
    "partition": "rpartition",
    "rpartition": "partition",
    "removeprefix": "removesuffix",
    "removesuffix": "removeprefix",
    "fullmatch": "match",
    "lower": "upper",
    "upper": "lower",
    "append": "count",
    "popleft": "pop",
}
MARK = "XX"
_QUANTITY = re.compile(r"\{(\d+,)?(\d+)\}")
_SQL = re.compile(r"^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b")
_SQL_SIGNS = {" <= ": " > ", " > ": " <= ", " < ": " >= ", " = NULL": " = DEFAULT", " AND ": " OR "}
TABLE_STEP = 4
"""Of the words of a table that is written as a text, every which one is changed."""


def changes(node: ast.AST) -> Iterator[Change]:
    """Yield what may be put into the node's place."""
    for operator in OPERATORS.get(type(node), ()):
        yield from operator(node)


def _compared(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.Compare)
    for at, sign in enumerate(node.ops):
        new = copy.deepcopy(node)
        new.ops[at] = COMPARISONS[type(sign)]()
        yield "comparison", new


def _calculated(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.BinOp | ast.AugAssign)
    if type(node.op) in ARITHMETIC:
        new = copy.deepcopy(node)
        new.op = ARITHMETIC[type(node.op)]()
        yield "arithmetic", new


def _combined(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.BoolOp)
    new = copy.deepcopy(node)
    new.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield "and/or", new
    for at in range(len(node.values)):
        left = [each for i, each in enumerate(node.values) if i != at]
        yield "condition dropped", left[0] if len(left) == 1 else ast.BoolOp(node.op, left)


def _signed(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.UnaryOp)
    if isinstance(node.op, ast.Not | ast.USub):
        yield "sign", node.operand


def _chosen(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.IfExp)
    new = copy.deepcopy(node)
    new.body, new.orelse = new.orelse, new.body
    yield "choice", new


def _filtered(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp)
    for at, part in enumerate(node.generators):
        for which in range(len(part.ifs)):
            new = copy.deepcopy(node)
            del new.generators[at].ifs[which]
            yield "filter dropped", new


def _called(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.Call)
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name in CALLED:
        new = copy.deepcopy(node)
        key = "id" if isinstance(node.func, ast.Name) else "attr"
        setattr(new.func, key, CALLED[name])
        if name == "sorted":
            new.keywords = []
        yield "call", new
    if name == "get" and len(node.args) == 2:
        new = copy.deepcopy(node)
        del new.args[1]
        yield "default dropped", new
    for at, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            new = copy.deepcopy(node)
            del new.keywords[at]
            yield "argument dropped", new
    if name == "compile" and node.args and isinstance(node.args[0], ast.Constant):
        yield from _patterns(node)


def _patterns(node: ast.Call) -> Iterator[Change]:
    """Allow one more of whatever is counted in a pattern."""
    pattern = node.args[0]
    assert isinstance(pattern, ast.Constant)
    value = pattern.value
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    for found in _QUANTITY.finditer(text):
        more = f"{{{found[1] or ''}{int(found[2]) + 1}}}"
        changed = text[: found.start()] + more + text[found.end() :]
        new = copy.deepcopy(node)
        is_bytes = isinstance(value, bytes)
        new.args[0] = ast.Constant(changed.encode("latin-1") if is_bytes else changed)
        yield "pattern", new


def _cut(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.Subscript)
    if isinstance(node.slice, ast.Slice):
        for side in ("lower", "upper"):
            if getattr(node.slice, side) is not None:
                new = copy.deepcopy(node)
                setattr(new.slice, side, None)
                yield "slice", new


def _constant(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.Constant)
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, int | float):
        yield "constant", ast.Constant(value + 1)
    elif isinstance(value, bytes):
        yield "constant", ast.Constant(MARK.encode() + value)
    elif isinstance(value, str) and "\n" in value:
        for text in _table(value):
            yield "table", text.encode()
    elif isinstance(value, str) and not is_prose(value):
        yield "constant", ast.Constant(MARK + value)


def _table(text: str) -> Iterator[str]:
    """Change a table or a statement that is written as a text."""
    if _SQL.match(text):
        for sign, other in _SQL_SIGNS.items():
            at = text.find(sign)
            while at >= 0:
                yield text[:at] + other + text[at + len(sign) :]
                at = text.find(sign, at + 1)
        return
    words = list(re.finditer(r"\S+", text))
    for at in range(1, len(words), TABLE_STEP):
        word, before = words[at], words[at - 1]
        if word[0] != before[0] and text[before.end() : word.start()].isspace():
            yield text[: word.start()] + before[0] + text[word.end() :]


def _written(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.JoinedStr)
    parts = [each.value for each in node.values if isinstance(each, ast.Constant)]
    if any(is_prose(str(part)) for part in parts):
        return
    for at, part in enumerate(node.values):
        if isinstance(part, ast.Constant):
            new = copy.deepcopy(node)
            new.values[at] = ast.Constant(MARK + str(part.value))
            yield "constant", new


def _done(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.Expr)
    if not isinstance(node.value, ast.Constant):
        yield "statement dropped", ast.Pass()


def _left_out(node: ast.AST) -> Iterator[Change]:
    del node
    yield "statement dropped", ast.Pass()


def _continued(node: ast.AST) -> Iterator[Change]:
    yield "loop", ast.Break() if isinstance(node, ast.Continue) else ast.Continue()


def _returned(node: ast.AST) -> Iterator[Change]:
    assert isinstance(node, ast.Return)
    is_empty = isinstance(node.value, ast.Constant) and not node.value.value
    if node.value is not None and not is_empty:
        yield "nothing returned", ast.Return(ast.Constant(None))


OPERATORS: dict[type[ast.AST], tuple[Operator, ...]] = {
    ast.Compare: (_compared,),
    ast.BinOp: (_calculated,),
    ast.AugAssign: (_calculated,),
    ast.BoolOp: (_combined,),
    ast.UnaryOp: (_signed,),
    ast.IfExp: (_chosen,),
    ast.ListComp: (_filtered,),
    ast.SetComp: (_filtered,),
    ast.DictComp: (_filtered,),
    ast.GeneratorExp: (_filtered,),
    ast.Call: (_called,),
    ast.Subscript: (_cut,),
    ast.Constant: (_constant,),
    ast.JoinedStr: (_written,),
    ast.Expr: (_done,),
    ast.Raise: (_left_out,),
    ast.Continue: (_continued,),
    ast.Break: (_continued,),
    ast.Return: (_returned,),
}
