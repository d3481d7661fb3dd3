"""References between the parts of the description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    Json = dict[str, Any]

SCHEMA = "#/components/schemas/{model}"


def schema(model: type[BaseModel]) -> Json:
    """Refer to a model."""
    return {"$ref": SCHEMA.format(model=model.__name__)}


def headers(names: Iterable[str]) -> Json:
    """Refer to headers by their names."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
