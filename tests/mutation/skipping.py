"""What is not changed: types, and words for people, of which a test would be a copy."""

from __future__ import annotations

import ast

PROSE_NAMES = frozenset({"msg", "message", "why", "card", "_COMMANDS", "_HAPPENED", "__slots__"})
"""Names of what is said to people, and of what the interpreter alone reads."""

TYPES_OF_TYPES = frozenset({"TypeVar", "NewType", "cast", "Card"})


def is_silent(node: ast.AST, *, at_top: bool) -> bool:
    """Say whether nothing in the node decides anything. `at_top`: it stands in no function."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.Assign):
        return _is_prose(node) or (at_top and is_type(node.value))
    return isinstance(node, ast.Call) and _called(node) in TYPES_OF_TYPES


def is_type(value: ast.expr) -> bool:
    """Say whether an assigned value is a name for a type: only a type checker reads it."""
    if isinstance(value, ast.BinOp):
        return isinstance(value.op, ast.BitOr) and is_type(value.left) and is_type(value.right)
    if isinstance(value, ast.Subscript):
        return isinstance(value.value, ast.Name)
    return isinstance(value, ast.Name) and value.id[:1].isupper() and not value.id.isupper()


def is_prose(text: str) -> bool:
    """Say whether a text is for people: it has a blank, and is not read by the code or a store."""
    return " " in text or "\n" in text


def _is_prose(node: ast.Assign) -> bool:
    return any(isinstance(each, ast.Name) and each.id in PROSE_NAMES for each in node.targets)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""
