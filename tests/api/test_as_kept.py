"""What is answered before the store has read it is what the store gives back."""

from __future__ import annotations

import json
import random
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from pydantic_core import to_json

from ingress.api.as_kept import NotKnown, as_kept

SEED = 20_261_123
NAMES = ["", "a", "b", "B", "aa", "ab", "ä", "€", "😀", "zz", "_", "1", "10", "é", "\u007f"]


def made(chance: random.Random, depth: int = 4) -> Any:
    """Return some JSON."""
    kind = chance.randrange(9 if depth else 7)
    if kind == 7:
        names = chance.sample(NAMES, chance.randrange(6))
        return {name: made(chance, depth - 1) for name in names}
    if kind == 8:
        return [made(chance, depth - 1) for _ in range(chance.randrange(4))]
    return [
        None,
        chance.random() < 0.5,
        chance.randrange(-(10**18), 10**19),
        round(chance.uniform(-1e6, 1e6), chance.randrange(7)),
        chance.uniform(-1, 1) * 10 ** chance.randrange(-6, 18),
        "".join(chance.choices('aZ é€😀"\\\n\u2028', k=chance.randrange(8))),
        float(chance.randrange(1000)),
    ][kind]


def test_json_comes_back_from_the_store_as_it_is_said_to(database_url: str) -> None:
    chance = random.Random(SEED)
    values = [{"value": made(chance)} for _ in range(2_000)]
    known: list[tuple[Any, Any]] = []
    for value in values:
        try:
            known.append((value, as_kept(value)))
        except NotKnown:
            assert "e" in json.dumps(value)
    with psycopg.connect(database_url) as connection:
        for value, said in known:
            row = connection.execute("SELECT %s::jsonb", [Jsonb(value)]).fetchone()
            assert row is not None
            assert to_json(row[0]) == to_json(said)
    assert len(known) > len(values) / 2


def test_a_number_that_the_store_would_write_out_is_left_to_it() -> None:
    for number in (1e16, 1e-5, -1e300):
        with pytest.raises(NotKnown):
            as_kept({"a": [number]})
