"""What is not crashed at for only looking does look and nothing else, whatever is added to it."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re

import pytest

from tests.crash.exemptions import EXEMPT, LOOKS

MODULES = [name.removesuffix(".") for name, why in EXEMPT if why == LOOKS and name.endswith(".")]
WRITES = re.compile(
    r"\b(INSERT\s+INTO|UPDATE\s+\w+(\s+\w+)?\s+SET|DELETE\s+FROM|TRUNCATE|MERGE\s+INTO)\b"
)


def source_of(name: str) -> str:
    """Return the source of a module, or of a function that has others in it."""
    module, _, function = name.rpartition(".")
    spec = importlib.util.find_spec(module)
    assert spec is not None
    if spec.submodule_search_locations is None:
        return inspect.getsource(getattr(importlib.import_module(module), function))
    return inspect.getsource(importlib.import_module(name))


def writes_of(source: str) -> list[str]:
    return [found[0] for found in WRITES.finditer(source)]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_is_exempt_for_looking_has_no_statement_that_writes(name: str) -> None:
    assert writes_of(source_of(name)) == []


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO refunds", "UPDATE payment_logs p\n    SET", "DELETE FROM inbound_work WHERE"],
)
def test_a_statement_that_writes_is_seen(statement: str) -> None:
    assert writes_of(f'_ONE = """\n    {statement} x\n"""')
